/**
 * For tests of distributions: a generator with a seed, so that a failure can be repeated, and Pearson's chi-square.
 */
import type { Rng } from '../../core/time/clock';

/** mulberry32. */
export function seeded(seed: number): Rng {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How often each place is drawn when it is drawn by weight, at random. */
export function drawnByWeight(weights: readonly number[], draws: number, rng: Rng): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = weights.map(() => 0);
  for (let draw = 0; draw < draws; draw += 1) {
    let point = rng() * total;
    const place = weights.findIndex((weight) => (point -= weight) < 0);
    counts[place < 0 ? weights.length - 1 : place]! += 1;
  }
  return counts;
}

/**
 * Sum of (seen - expected)^2 / expected, over its limit at p = 0.001: above 1 once in a thousand times by chance.
 * Shares that are 0 must not have been seen at all, and are left out.
 */
export function chiSquareRatio(seen: readonly number[], shares: readonly number[]): number {
  const all = seen.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  let cells = 0;
  for (const [place, count] of seen.entries()) {
    const expected = (shares[place] ?? 0) * all;
    if (expected === 0 && count > 0) return Infinity;
    if (expected === 0) continue;
    sum += (count - expected) ** 2 / expected;
    cells += 1;
  }
  return sum / criticalValue(cells - 1);
}

/** The chi-square quantile at 0.999, by Wilson and Hilferty's approximation (1931). */
function criticalValue(freedom: number): number {
  const z = 3.0902;
  const part = 2 / (9 * Math.max(1, freedom));
  return Math.max(1, freedom) * (1 - part + z * Math.sqrt(part)) ** 3;
}
