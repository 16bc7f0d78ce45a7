/**
 * Decides when an attempt of a repeatable call is so late that a second one is worth its cost: later than nearly all
 * good attempts of the same method were, with a margin. So fewer than one call in a hundred are hedged while nothing is wrong,
 * on loopback and across continents alike.
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
 * @returns ms after the beginning of the attempt; null: do not hedge, only repeat after failures
 */
export function hedgeDelayMs(usualMs: number | null, options: HedgeOptions): number | null {
  if (!options.enabled) return null;
  return usualMs === null ? options.firstDelayMs : Math.max(options.minDelayMs, usualMs * MARGIN);
}
