/**
 * Reads a list that Consul answers again and again, and parses only those items whose bytes are new: of a service with
 * thousands of instances mostly one has changed. It never trusts the cut: pieces that are not JSON, each for itself, are
 * read as the one text that they are.
 */

/**
 * How the first item of /v1/health/service begins, and with it every other: a development Consul answers indented. A brace
 * with a key behind it cannot stand inside a JSON text, so each hit is an object.
 */
const BEGINNING = /^\[\s*(\{\s*"Node":\s*\{)/;
const BEGINNING_BYTES = 64;
const SPACE = 0x20;
const COMMA = 0x2c;
const CLOSE = 0x5d;

/** What one item says, and where it stands in its answer. */
interface Piece<T> {
  readonly from: number;
  readonly to: number;
  readonly value: T;
}

interface Answer<T> {
  readonly body: Buffer;
  readonly pieces: readonly Piece<T>[];
}

export class ListReader<T> {
  private last: Answer<T> = { body: Buffer.alloc(0), pieces: [] };

  /** @param read gets a parsed item, and what stood in its place before, if anything did */
  constructor(private readonly read: (item: unknown, before: T | undefined) => T) {}

  /** The items in their order; those of unchanged bytes are the same objects as before. Undefined: this is not a list. */
  take(body: Buffer): readonly T[] | undefined {
    const pieces = this.inPieces(body) ?? this.whole(body);
    if (pieces === undefined) return undefined;
    this.last = { body, pieces };
    return pieces.map(({ value }) => value);
  }

  private inPieces(body: Buffer): readonly Piece<T>[] | undefined {
    const cuts = cutsOf(body);
    if (cuts === undefined) return undefined;
    const { body: oldBody, pieces: old } = this.last;
    // What stands behind items that came or went has moved by as many places.
    const shift = old.length - cuts.length;
    const pieces: Piece<T>[] = [];
    for (const [at, [from, to]] of cuts.entries()) {
      const isSame = (piece: Piece<T> | undefined): piece is Piece<T> =>
        piece !== undefined && oldBody.compare(body, from, to, piece.from, piece.to) === 0;
      const known = [old[at], old[at + shift]].find(isSame);
      const item = known === undefined ? parsed(body, from, to) : undefined;
      if (known !== undefined) pieces.push({ from, to, value: known.value });
      else if (item !== undefined) pieces.push({ from, to, value: this.read(item.value, old[at]?.value) });
      else return undefined;
    }
    return pieces;
  }

  /** Pieces without a place: nothing of them is found again. */
  private whole(body: Buffer): readonly Piece<T>[] | undefined {
    const list = parsed(body, 0, body.length)?.value;
    if (!Array.isArray(list)) return undefined;
    return list.map((item: unknown) => ({ from: 0, to: 0, value: this.read(item, undefined) }));
  }
}

/** From where to where each item stands; undefined when this is no list of items as Consul writes them. */
function cutsOf(body: Buffer): readonly (readonly [from: number, to: number])[] | undefined {
  const beginning = BEGINNING.exec(body.toString('latin1', 0, BEGINNING_BYTES))?.[1];
  const end = lastByte(body, body.length);
  if (beginning === undefined || body[end] !== CLOSE) return undefined;
  const cuts: (readonly [number, number])[] = [];
  let from = body.indexOf(beginning);
  for (let at = body.indexOf(beginning, from + 1); at > 0; at = body.indexOf(beginning, at + 1)) {
    const comma = lastByte(body, at);
    // Else it is another object of that name, deep inside an item.
    if (body[comma] !== COMMA) continue;
    cuts.push([from, comma]);
    from = at;
  }
  return [...cuts, [from, end]];
}

/** Place of the last byte before `end` that is no space. */
function lastByte(body: Buffer, end: number): number {
  let at = end - 1;
  while (at > 0 && (body[at] ?? 0) <= SPACE) at -= 1;
  return at;
}

function parsed(body: Buffer, from: number, to: number): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body.toString('utf8', from, to)) };
  } catch {
    return undefined;
  }
}
