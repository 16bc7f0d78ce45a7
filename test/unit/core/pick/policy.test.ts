import { runningSums, startingPlace, type PolicyName, type PoolView } from '../../../../core/pick/policy';

/** mulberry32: a small generator with a seed, so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pool(weights: readonly number[], loads: readonly number[] = []): PoolView {
  return {
    size: weights.length,
    weightUpTo: runningSums(weights),
    burdenAt: (place) => ({ underWay: loads[place] ?? 0, weight: weights[place] ?? 1, latencyMs: null }),
  };
}

function shares(policy: PolicyName, view: PoolView, calls: number): readonly number[] {
  const rng = seeded(7);
  const counts = Array.from({ length: view.size }, () => 0);
  for (let turn = 0; turn < calls; turn += 1) counts[startingPlace(policy, view, turn, rng)]! += 1;
  return counts;
}

/** Sum of (seen - expected)^2 / expected; above 13.8 with two degrees of freedom once in a thousand times. */
function chiSquare(seen: readonly number[], expected: readonly number[]): number {
  return seen.reduce((sum, count, place) => sum + (count - expected[place]!) ** 2 / expected[place]!, 0);
}

describe('the policies', () => {
  it('round robin goes round', () => {
    expect(shares('round_robin', pool([1, 1, 1]), 300)).toEqual([100, 100, 100]);
  });

  it('random gives each the same chance, in no order', () => {
    expect(chiSquare(shares('random', pool([1, 1, 1]), 3_000), [1_000, 1_000, 1_000])).toBeLessThan(13.8);
  });

  it('random gives each its share where weights differ', () => {
    expect(chiSquare(shares('random', pool([5, 3, 2]), 3_000), [1_500, 900, 600])).toBeLessThan(13.8);
  });

  it('weights give each its share, also in a short stretch of calls', () => {
    const counts = shares('weighted_round_robin', pool([5, 3, 2]), 1_000);
    for (const [place, expected] of [500, 300, 200].entries())
      expect(Math.abs(counts[place]! - expected)).toBeLessThan(6);
    const short = shares('weighted_round_robin', pool([5, 3, 2]), 20);
    for (const [place, expected] of [10, 6, 4].entries())
      expect(Math.abs(short[place]! - expected)).toBeLessThanOrEqual(2);
  });

  it('a weight of nearly nothing still gets a call now and then', () => {
    expect(shares('weighted_round_robin', pool([65_535, 1]), 200_000)[1]).toBeGreaterThan(0);
  });

  it('least request avoids the busiest, and never sends everything to one', () => {
    const [idle = 0, busy = 0, busiest = 0] = shares('least_request', pool([1, 1, 1], [0, 5, 9]), 3_000);
    expect(busiest).toBe(0);
    expect(idle).toBeGreaterThan(busy);
    expect(busy).toBeGreaterThan(500);
  });

  it.each<PolicyName>(['round_robin', 'random', 'weighted_round_robin', 'least_request'])(
    '%s is content with few',
    (policy) => {
      expect(startingPlace(policy, pool([]), 5, seeded(1))).toBe(0);
      expect(startingPlace(policy, pool([3]), 5, seeded(1))).toBe(0);
    },
  );
});
