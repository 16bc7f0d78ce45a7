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

/** Where one item stands in its answer; at `to` is the comma behind it, or the end of the list. */
interface Cut {
  readonly from: number;
  readonly to: number;
}

interface Piece<T> extends Cut {
  readonly value: T;
}

interface Answer<T> {
  readonly body: Buffer;
  readonly pieces: readonly Piece<T>[];
  readonly values: readonly T[];
}

const NOTHING = { body: Buffer.alloc(0), pieces: [], values: [] } as const;

export class ListReader<T> {
  private last: Answer<T> = NOTHING;

  /** @param read gets a parsed item, and what stood in its place before, if anything did */
  constructor(private readonly read: (item: unknown, before: T | undefined) => T) {}

  /**
   * The items in their order; those of unchanged bytes are the same objects as before, and so is the list when all are.
   * Undefined: this is not a list.
   */
  take(body: Buffer): readonly T[] | undefined {
    const pieces = this.inPieces(body);
    const all = pieces?.map(({ value }) => value) ?? this.whole(body);
    if (all === undefined) return undefined;
    const { values: before } = this.last;
    const isSame = all.length === before.length && all.every((value, at) => value === before[at]);
    const values = isSame ? before : all;
    this.last = pieces === undefined ? { ...NOTHING, values } : { body, pieces, values };
    return values;
  }

  private inPieces(body: Buffer): readonly Piece<T>[] | undefined {
    const beginning = BEGINNING.exec(body.toString('latin1', 0, BEGINNING_BYTES))?.[1];
    const end = lastByte(body, body.length);
    if (beginning === undefined || body[end] !== CLOSE) return undefined;
    const { head, tail, moved } = this.kept(body);
    const from = head.at(-1)?.to ?? 0;
    const cuts = cutsOf(body, beginning, from + 1, tail[0] === undefined ? end : lastByte(body, tail[0].from + moved));
    const middle = cuts && this.readPieces(body, cuts, head.length, tail.length);
    const shifted = moved === 0 ? tail : tail.map((one) => ({ ...one, from: one.from + moved, to: one.to + moved }));
    return middle && [...head, ...middle, ...shifted];
  }

  /** What stands before and behind all news, and by how many bytes the latter has moved. */
  private kept(body: Buffer): { head: readonly Piece<T>[]; tail: readonly Piece<T>[]; moved: number } {
    const { body: old, pieces } = this.last;
    const headBytes = commonHead(old, body);
    const tailFrom = old.length - commonTail(old, body, headBytes);
    // With the comma behind it, and before it: only between commas an item is one.
    const changed = pieces.findIndex(({ to }) => to >= headBytes);
    const head = changed < 0 ? pieces.slice(0, -1) : pieces.slice(0, changed);
    const comma = pieces.findIndex(({ to }, at) => at >= head.length && to >= tailFrom);
    return { head, tail: comma < 0 ? [] : pieces.slice(comma + 1), moved: body.length - old.length };
  }

  private readPieces(body: Buffer, cuts: readonly Cut[], head: number, tail: number): readonly Piece<T>[] | undefined {
    const { body: oldBody, pieces } = this.last;
    const old = pieces.slice(head, pieces.length - tail);
    // What stands behind items that came or went has moved by as many places.
    const shift = old.length - cuts.length;
    const read: Piece<T>[] = [];
    for (const [at, { from, to }] of cuts.entries()) {
      const isSame = (piece: Piece<T> | undefined): piece is Piece<T> =>
        piece !== undefined && oldBody.compare(body, from, to, piece.from, piece.to) === 0;
      const known = [old[at], old[at + shift]].find(isSame);
      const item = known === undefined ? parsed(body, from, to) : undefined;
      if (known !== undefined) read.push({ from, to, value: known.value });
      else if (item !== undefined) read.push({ from, to, value: this.read(item.value, old[at]?.value) });
      else return undefined;
    }
    return read;
  }

  /** Not as Consul writes it: nothing of it will be found again. */
  private whole(body: Buffer): readonly T[] | undefined {
    const list = parsed(body, 0, body.length)?.value;
    return Array.isArray(list) ? list.map((item: unknown) => this.read(item, undefined)) : undefined;
  }
}

/**
 * From where to where each item stands between two places, `to` being that of a comma or of the list's end. Undefined: not
 * everything there is items.
 */
function cutsOf(body: Buffer, beginning: string, start: number, to: number): readonly Cut[] | undefined {
  const cuts: Cut[] = [];
  let from = body.indexOf(beginning, start);
  if (from < 0 || from >= to || lastByte(body, from) !== start - 1) return undefined;
  for (let at = body.indexOf(beginning, from + 1); at > 0 && at < to; at = body.indexOf(beginning, at + 1)) {
    const comma = lastByte(body, at);
    // Else it is another object of that name, deep inside an item.
    if (body[comma] !== COMMA) continue;
    cuts.push({ from, to: comma });
    from = at;
  }
  return [...cuts, { from, to }];
}

/** How many bytes are the same from the beginning on; comparing ranges is far faster than comparing bytes. */
function commonHead(a: Buffer, b: Buffer): number {
  let same = 0;
  let most = Math.min(a.length, b.length);
  while (same < most) {
    const middle = Math.ceil((same + most) / 2);
    if (a.compare(b, same, middle, same, middle) === 0) same = middle;
    else most = middle - 1;
  }
  return same;
}

/** How many bytes are the same at the end, of those behind the head. */
function commonTail(a: Buffer, b: Buffer, head: number): number {
  let same = 0;
  let most = Math.min(a.length, b.length) - head;
  while (same < most) {
    const middle = Math.ceil((same + most) / 2);
    const isSame = a.compare(b, b.length - middle, b.length - same, a.length - middle, a.length - same) === 0;
    if (isSame) same = middle;
    else most = middle - 1;
  }
  return same;
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
