/**
 * The kinds of values in the agent's configuration file. Every message says what is allowed; what was written, and where,
 * is added by agent/config-faults.ts.
 */
import { z } from 'zod';
import { formatBytes, parseBytes } from '../core/domain/bytes';
import { formatDuration, parseDuration } from '../core/time/duration';

export const DAY_MS = 24 * 3_600_000;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/;

/** Unknown keys are faults: a misspelt setting must not be silently ignored. The message lists the known ones. */
export function mapping<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, Object.keys(shape).join(', '));
}

/** Milliseconds out; `500ms`, `10s`, `1m` or a number of ms in. */
export function duration(otherwise: string, minMs: number, maxMs = DAY_MS, note = '') {
  const allowed = `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, such as ${otherwise}${note}`;
  return z
    .unknown()
    .transform((written, context) => {
      const ms = parseDuration(written);
      if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
      context.issues.push({ code: 'custom', message: allowed, input: written });
      return z.NEVER;
    })
    .prefault(otherwise);
}

export function whole(min: number, max: number) {
  const allowed = `a whole number from ${min} to ${max}`;
  return z.int(allowed).min(min, allowed).max(max, allowed);
}

export function numberFrom(min: number, max: number) {
  const allowed = `a number from ${min} to ${max}`;
  return z.number(allowed).min(min, allowed).max(max, allowed);
}

export function factorOrNever(min: number, max: number) {
  const allowed = `a number from ${min} to ${max}, or 0 for never`;
  return z.number(allowed).refine((written) => written === 0 || (written >= min && written <= max), allowed);
}

/** Bytes out; `512MiB`, `2GiB` or a number of bytes in. */
export function size(minBytes: number) {
  const allowed = `a size from ${formatBytes(minBytes)}, such as 512MiB or 2GiB`;
  return z.unknown().transform((written, context) => {
    const bytes = parseBytes(written);
    if (bytes !== undefined && bytes >= minBytes) return bytes;
    context.issues.push({ code: 'custom', message: allowed, input: written });
    return z.NEVER;
  });
}

export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, `one of ${words.join(', ')}`);
}

export function text(allowed: string, maxLength = 1024) {
  return z.string(allowed).min(1, allowed).max(maxLength, allowed);
}

export const name = z
  .string('1 to 128 letters, digits, dots, dashes and underscores, beginning and ending with a letter or digit')
  .regex(NAME, '1 to 128 letters, digits, dots, dashes and underscores, beginning and ending with a letter or digit');

export const switched = z.boolean('true or false');
