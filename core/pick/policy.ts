/**
 * Decides at which place of a tier's pool a call begins to look for its endpoint. One function for each policy; none
 * keeps anything between calls but the number of the call.
 */
import type { Rng } from '../time/clock';

export const POLICIES = ['round_robin', 'random', 'weighted_round_robin', 'least_request'] as const;
export type PolicyName = (typeof POLICIES)[number];

export interface PoolView {
  readonly size: number;
  /** Sum of the weights up to and with each place; ends with the sum of all. */
  readonly weightUpTo: readonly number[];
  /** Calls under way at a place, per unit of its weight. */
  readonly loadAt: (place: number) => number;
}

/** @param turn the how-manieth call this is. @returns 0 where the pool is empty */
export function startingPlace(policy: PolicyName, pool: PoolView, turn: number, rng: Rng): number {
  if (pool.size < 2) return 0;
  switch (policy) {
    case 'round_robin':
      return turn % pool.size;
    case 'random':
      return Math.floor(rng() * pool.size);
    case 'weighted_round_robin':
      return byWeight(pool, turn);
    case 'least_request':
      return lessLoadedOfTwo(pool, rng);
  }
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Multiples of the golden ratio fall evenly into [0, 1) whatever their number (Weyl's equidistribution), so each place
 * gets its share in any stretch of calls, without a counter for each.
 */
function byWeight({ weightUpTo }: PoolView, turn: number): number {
  const total = weightUpTo.at(-1) ?? 0;
  const point = ((turn * GOLDEN) % 1) * total;
  let low = 0;
  for (let high = weightUpTo.length - 1; low < high;) {
    const middle = (low + high) >> 1;
    if ((weightUpTo[middle] ?? 0) > point) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The power of two choices (Mitzenmacher, 2001): nearly as good as knowing everybody's load, and free of stampedes. */
function lessLoadedOfTwo({ size, loadAt }: PoolView, rng: Rng): number {
  const one = Math.floor(rng() * size);
  const other = (one + 1 + Math.floor(rng() * (size - 1))) % size;
  return loadAt(other) < loadAt(one) ? other : one;
}
