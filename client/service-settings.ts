/**
 * What can be chosen per service, and changed while calls run: by an option, by the target, or by an operator through a
 * text in the registry. A text that cannot be used changes nothing.
 */
import { z } from 'zod';
import { POLICIES } from '../core/pick/policy';

const durationMs = z.number().nonnegative();

/** The settings with their defaults. */
export const SETTINGS = {
  /** How a tier spreads its calls. */
  policy: z.enum(POLICIES).default('round_robin'),
  /** When a tier is partly dead, hand a part of its calls down to the next one. */
  spillOver: z.boolean().default(true),
  /** Time in which an endpoint that came back grows to its full share of its tier, ms. 0: at once. */
  slowStartMs: durationMs.default(10_000),
  /** Nobody is fit: try the least ill that is connected, or fail at once and name everybody. */
  whenNobody: z.enum(['failOpen', 'failClosed']).default('failOpen'),
  /** `auto` returns to a better tier after the hold, `manual` only when the active one fails. */
  failback: z.enum(['auto', 'manual']).default('auto'),
  /** How long a returned tier must stay well before it gets its calls back, ms. Doubles with each recent failover. */
  failbackHoldMs: durationMs.default(3_000),
  /** Time in which the calls then go back to it: a tenth of them at first, all at its end, ms. 0: all at once. */
  failbackRampMs: durationMs.default(3_000),
};

/** Any part of them. */
export const someSettings = z.strictObject({
  policy: z.exactOptional(SETTINGS.policy.unwrap()),
  spillOver: z.exactOptional(SETTINGS.spillOver.unwrap()),
  slowStartMs: z.exactOptional(SETTINGS.slowStartMs.unwrap()),
  whenNobody: z.exactOptional(SETTINGS.whenNobody.unwrap()),
  failback: z.exactOptional(SETTINGS.failback.unwrap()),
  failbackHoldMs: z.exactOptional(SETTINGS.failbackHoldMs.unwrap()),
  failbackRampMs: z.exactOptional(SETTINGS.failbackRampMs.unwrap()),
});
export type ServiceSettings = z.output<typeof someSettings>;

/** In the registry an operator's order may stand beside them. */
const liveSettings = someSettings.extend({
  order: z.exactOptional(
    z.strictObject({
      lead: z.array(z.string()).readonly(),
      atUnixMs: z.number(),
      untilUnixMs: z.exactOptional(z.number()),
    }),
  ),
});
export type LiveSettings = z.output<typeof liveSettings>;

export type ReadSettings =
  { readonly settings: LiveSettings; readonly reason: string } | { readonly settings: null; readonly reason: string };

/** Reads an operator's text, a JSON object; no text at all is a wish for nothing special. */
export function readSettings(text: string | null): ReadSettings {
  if (text === null || text.trim() === '') return { settings: {}, reason: 'nothing is set in the registry' };
  const parsed = liveSettings.safeParse(jsonOf(text));
  if (parsed.success) return { settings: parsed.data, reason: `set in the registry: ${JSON.stringify(parsed.data)}` };
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole text'}: ${message}`);
  return { settings: null, reason: `the text in the registry cannot be used: ${faults.join('; ')}` };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
