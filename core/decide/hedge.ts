/**
 * Decides when an attempt is late, and when a second one of a repeatable call is worth its cost: later than nearly all good
 * attempts of the same method were, with a margin. So fewer than one call in a hundred are hedged while nothing is wrong, on
 * loopback and across continents alike.
 */
export interface HedgeOptions {
  readonly enabled: boolean;
  readonly minDelayMs: number;
  /** While nothing is known of the method. */
  readonly firstDelayMs: number;
}

const MARGIN = 1.5;

/**
 * @param usualMs 99 % of the method's good attempts took less; null before the first
 * @returns ms after the beginning of the attempt
 */
export function lateAfterMs(usualMs: number | null, options: Omit<HedgeOptions, 'enabled'>): number {
  return usualMs === null ? options.firstDelayMs : Math.max(options.minDelayMs, usualMs * MARGIN);
}

/**
 * When a second attempt is sent: while there is time for it. Half the time of a call that usually needs less is not waited
 * away, however late the others of its kind are called.
 * @param leftMs until the deadline; Infinity without one
 * @returns ms after the beginning of the attempt
 */
export function hedgeAfterMs(lateMs: number, usualMs: number | null, leftMs: number): number {
  return Math.min(lateMs, Math.max(usualMs ?? 0, leftMs / 2));
}
