/**
 * One record of the journal as one line of JSON. What may stand in it is listed here, field by field; everything else is
 * left out, texts are bounded, and known secrets are struck out. A line that was cut anywhere is no record.
 */
import type { IncidentRecord } from '../../core/domain/incident-record';
import { STEP_KINDS, STEP_SOURCES } from '../../core/domain/incident-words';

const VERSION = 1;
const LONGEST_SENTENCE = 1000;
const LONGEST_OUTPUT = 4000;
const LONGEST_NAME = 256;
/** A shorter one would strike out half of every sentence. */
const SHORTEST_SECRET = 6;

type Field = { readonly type: 'number' | 'boolean' } | { readonly type: 'string'; readonly longest: number };

const text = (longest: number): Field => ({ type: 'string', longest });
const REQUIRED: Readonly<Record<string, Field>> = {
  incident: text(LONGEST_NAME),
  seq: { type: 'number' },
  kind: text(LONGEST_NAME),
  atUnixMs: { type: 'number' },
  afterMs: { type: 'number' },
  service: text(LONGEST_NAME),
  instance: text(LONGEST_NAME),
  agent: text(LONGEST_NAME),
  source: text(LONGEST_NAME),
  sentence: text(LONGEST_SENTENCE),
};
const OPTIONAL: Readonly<Record<string, Field>> = {
  action: text(LONGEST_NAME),
  attempt: { type: 'number' },
  ok: { type: 'boolean' },
  tookMs: { type: 'number' },
  pid: { type: 'number' },
  output: text(LONGEST_OUTPUT),
  outcome: text(LONGEST_NAME),
};
const FIELDS = { ...REQUIRED, ...OPTIONAL };

/** Without a line break at its end, and with none inside. `secrets` never stand in it. */
export function journalLine(record: IncidentRecord, secrets: readonly string[] = []): string {
  return JSON.stringify({ v: VERSION, ...allowed(record, secrets) });
}

/** The record with nothing but what the journal may hold: what memory keeps is what a file would. */
export function redacted(record: IncidentRecord, secrets: readonly string[] = []): IncidentRecord {
  return allowed(record, secrets) as unknown as IncidentRecord;
}

/** Undefined when it is no whole record of a version that is known. */
export function parseJournalLine(line: string): IncidentRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const found = value as Readonly<Record<string, unknown>>;
  const whole = Object.entries(REQUIRED).every(([name, { type }]) => typeof found[name] === type);
  const sound = Object.entries(OPTIONAL).every(([name, { type }]) => !(name in found) || typeof found[name] === type);
  const known = isOneOf(STEP_KINDS, found['kind']) && isOneOf(STEP_SOURCES, found['source']);
  if (found['v'] !== VERSION || !whole || !sound || !known) return undefined;
  return allowed(found, []) as unknown as IncidentRecord;
}

function isOneOf(words: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && words.includes(value);
}

function allowed(from: object, secrets: readonly string[]): Readonly<Record<string, unknown>> {
  const values = from as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(FIELDS).flatMap(([name, field]) => {
      const value = values[name];
      if (typeof value !== field.type) return [];
      return [[name, typeof value === 'string' && 'longest' in field ? clean(value, field.longest, secrets) : value]];
    }),
  );
}

/** The end is kept: of a long output it says what went wrong. */
function clean(value: string, longest: number, secrets: readonly string[]): string {
  const struck = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), value);
  return struck.length > longest ? `…${struck.slice(1 - longest)}` : struck;
}
