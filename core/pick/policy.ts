/**
 * Decides at which place of the pool a call begins to look for its endpoint. One function for each policy; none keeps
 * anything between calls but the number of the call.
 */
import type { Rng } from '../time/clock';
import { isLighter, type Burden } from './ewma-latency';

export const POLICIES = ['round_robin', 'random', 'weighted_round_robin', 'least_request'] as const;
export type PolicyName = (typeof POLICIES)[number];

export interface PoolView {
  readonly size: number;
  /** Sum of the weights up to and with each place; ends with the sum of all. Null where all are equal. */
  readonly weightUpTo: readonly number[] | null;
  readonly burdenAt: (place: number) => Burden;
}

/** Running sums of weights as PoolView wants them; differences below a thousandth are none. */
export function runningSums(weights: readonly number[]): readonly number[] | null {
  const [first = 0] = weights;
  if (weights.every((weight) => Math.abs(weight - first) <= first / 1_000)) return null;
  let sum = 0;
  return weights.map((weight) => (sum += weight));
}

/** @param turn the how-manieth call this is. @returns 0 where the pool is empty */
export function startingPlace(policy: PolicyName, pool: PoolView, turn: number, rng: Rng): number {
  if (pool.size < 2) return 0;
  switch (policy) {
    case 'round_robin':
    case 'weighted_round_robin':
      return pool.weightUpTo === null ? turn % pool.size : placeOf((turn * GOLDEN) % 1, pool.weightUpTo);
    case 'random':
      return drawn(pool, rng);
    case 'least_request':
      return lessBurdenedOfTwo(pool, rng);
  }
}

/**
 * Multiples of the golden ratio fall evenly into [0, 1) whatever their number (Weyl's equidistribution), so each place
 * gets its share in any stretch of calls, without a counter for each.
 */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** The place whose stretch of the weights a point in [0, 1) falls into. */
function placeOf(point: number, weightUpTo: readonly number[]): number {
  const wanted = point * (weightUpTo.at(-1) ?? 0);
  let low = 0;
  for (let high = weightUpTo.length - 1; low < high;) {
    const middle = (low + high) >> 1;
    if ((weightUpTo[middle] ?? 0) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

function drawn({ size, weightUpTo }: PoolView, rng: Rng): number {
  return weightUpTo === null ? Math.floor(rng() * size) : placeOf(rng(), weightUpTo);
}

/** The power of two choices (Mitzenmacher, 2001): nearly as good as knowing everybody's load, and free of stampedes. */
function lessBurdenedOfTwo(pool: PoolView, rng: Rng): number {
  const one = drawn(pool, rng);
  const again = drawn(pool, rng);
  const other = again === one ? (one + 1 + Math.floor(rng() * (pool.size - 1))) % pool.size : again;
  return isLighter(pool.burdenAt(other), pool.burdenAt(one)) ? other : one;
}
