/**
 * Decides who holds a slot of a semaphore that lives in Consul's key-value store: one document names the holders, and one
 * key per contender lives exactly as long as the contender's session. A holder without such a key is dead, and its slot
 * is free. Reads and writes nothing itself.
 */
import { isObject, numberIn, objectIn, textIn } from './consul-json';

/** Session id to the name of the holder. */
export type Holders = Readonly<Record<string, string>>;

export interface SemaphoreView {
  readonly limit: number | undefined;
  readonly holders: Holders;
  /** ModifyIndex of the document; 0 = it does not exist yet, which is how Consul's compare-and-set says "create". */
  readonly version: number;
  /** Sessions that contend and live. */
  readonly contenders: ReadonlySet<string>;
}

export interface SlotDecision {
  readonly admitted: boolean;
  /** What to write when admitted. */
  readonly document: string;
  readonly reason: string;
}

export function documentKey(key: string): string {
  return `${key}/.lock`;
}

export function contenderKey(key: string, session: string): string {
  return `${key}/${session}`;
}

/** Reads the answer of /v1/kv/<key>/?recurse */
export function readSemaphore(items: readonly unknown[], key: string): SemaphoreView {
  const contenders = new Set<string>();
  let document: unknown;
  let version = 0;
  for (const item of items) {
    const session = textIn(item, 'Session');
    if (textIn(item, 'Key') === documentKey(key)) {
      document = parseJson(Buffer.from(textIn(item, 'Value'), 'base64').toString());
      version = numberIn(item, 'ModifyIndex');
    } else if (session !== '' && textIn(item, 'Key') === contenderKey(key, session)) {
      contenders.add(session);
    }
  }
  const holders = Object.entries(objectIn(document, 'holders')).map(([id, name]): [string, string] => [
    id,
    String(name),
  ]);
  const limit = numberIn(document, 'limit');
  return { limit: limit > 0 ? limit : undefined, holders: Object.fromEntries(holders), version, contenders };
}

/**
 * Whether `session` may take a slot now. While others hold slots under a smaller limit, that one counts: two settings
 * never add up to more holders than the stricter one allows.
 */
export function judgeSlot(view: SemaphoreView, session: string, holder: string, slots: number): SlotDecision {
  const others = Object.entries(view.holders).filter(([id]) => id !== session && view.contenders.has(id));
  const limit = others.length === 0 ? slots : Math.min(slots, view.limit ?? slots);
  const admitted = others.length < limit;
  const names = others.map(([, name]) => name).join(', ');
  return {
    admitted,
    document: semaphoreDocument(slots, Object.fromEntries([...others, [session, holder]])),
    reason: admitted
      ? `${others.length} of ${limit} slots are held by others`
      : `all ${limit} slots are held by ${names}`,
  };
}

/** The document without `session`. */
export function documentWithout(view: SemaphoreView, session: string): string {
  const others = Object.entries(view.holders).filter(([id]) => id !== session);
  return semaphoreDocument(view.limit ?? 1, Object.fromEntries(others));
}

function semaphoreDocument(limit: number, holders: Holders): string {
  return JSON.stringify({ limit, holders });
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
