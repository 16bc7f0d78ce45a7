/**
 * Faults in a configuration, for people: where, what was written, what is allowed. It never shows a secret.
 */
import type { z } from 'zod';

export type KeyPath = readonly (string | number)[];

export interface Fault {
  readonly path: KeyPath;
  /** One sentence: what is wrong, and what is allowed. */
  readonly message: string;
  /** The fault lies in the key itself, not in its value. */
  readonly atKey?: boolean;
  /** Where it is to be mended, when that is not the file. */
  readonly origin?: string;
}

const SECRETS = ['token'];
const LONGEST_SHOWN = 60;

/** `services[0].probe.timeout`; empty for the whole file. */
export function pathText(path: KeyPath): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${key}`)).join('');
}

/** The faults that zod found in `raw`; an unknown key is a fault of its own. The schema's messages say what is allowed. */
export function faultsOf(error: z.ZodError, raw: unknown): readonly Fault[] {
  return error.issues.flatMap((issue): readonly Fault[] => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...path, key],
        atKey: true,
        message: unknownKey(key, issue.message.split(', ')),
      }));
    }
    if (issue.code === 'invalid_key') {
      const allowed = issue.issues[0]?.message ?? issue.message;
      return [{ path, atKey: true, message: `this key is not allowed; allowed: ${allowed}` }];
    }
    const written = valueAt(raw, path);
    const mapping = issue.code === 'invalid_type' && issue.expected === 'object';
    const allowed = mapping ? `a mapping with the keys ${issue.message}` : issue.message;
    return [{ path, message: `${judgement(written, path)}; allowed: ${allowed}` }];
  });
}

/** Copies `raw` without the faulty values, so that what remains can be checked for its sense. */
export function withoutFaulty(raw: unknown, faults: readonly Fault[]): unknown {
  const copy = structuredClone(raw);
  for (const { path } of faults) {
    const parent = valueAt(copy, path.slice(0, -1));
    const key = path.at(-1);
    if (typeof parent !== 'object' || parent === null || key === undefined) continue;
    if (Array.isArray(parent)) (parent as unknown[])[Number(key)] = undefined;
    else Reflect.deleteProperty(parent, key);
  }
  return copy;
}

/** What stands at a path of plain data; undefined when nothing does. */
function valueAt(raw: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined,
    raw,
  );
}

function judgement(written: unknown, path: KeyPath): string {
  if (written === undefined) return 'this is missing';
  if (written === null) return 'nothing stands here';
  if (SECRETS.includes(String(path.at(-1)))) return 'this value is not allowed (it is not shown)';
  if (typeof written === 'object') return `${Array.isArray(written) ? 'a list' : 'a mapping'} is not allowed here`;
  const shown = JSON.stringify(written);
  return `${shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown} is not allowed`;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = known
    .map((word) => ({ word, distance: editDistance(key.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, distance }) => distance <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  const hint = near === undefined ? '' : `; did you mean ${near.word}?`;
  return `this key is not known${hint} (allowed: ${known.join(', ')})`;
}

/** Levenshtein's distance, by rows, in UTF-16 units: our keys are ASCII. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries()) {
      const swap = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
