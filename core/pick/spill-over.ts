/**
 * Decides which share of the calls each tier gets when the best one is only partly alive: enough of it still takes
 * everything, less of it hands the rest down. It never looks at single endpoints.
 *
 * The rules are Envoy's ("Priority levels", "Overprovisioning factor" and "Panic threshold" in its architecture
 * overview), with exact fractions where Envoy counts whole percents.
 */

/** Capacity is what the user measures it in: instances, or the sum of their weights. */
export interface TierCapacity {
  readonly tier: number;
  readonly healthy: number;
  readonly total: number;
}

export interface SpillOverOptions {
  /** A tier takes all calls as long as its healthy part times this is at least 1; 1.4, so from 71.4 % on. */
  readonly overprovisioning: number;
  /** Where all tiers together are too weak, one with a smaller healthy part than this panics; 0.5. 0 switches it off. */
  readonly panicBelow: number;
}

export interface TierShare {
  readonly tier: number;
  /** 0 to 1; all shares add up to 1. */
  readonly share: number;
  /** Its calls should go to all its endpoints, ill ones too: the few healthy ones would be buried. */
  readonly panic: boolean;
}

export interface SpillOver {
  /** Best tier first; tiers without capacity are left out. Empty only when there is no capacity at all. */
  readonly shares: readonly TierShare[];
  readonly reason: string;
}

/** What fractions leave over must not become a share. */
const ROUNDING = 1e-9;

export const ENVOY_SPILL_OVER: SpillOverOptions = { overprovisioning: 1.4, panicBelow: 0.5 };

/** @param tiers in any order */
export function spillOver(tiers: readonly TierCapacity[], options: SpillOverOptions): SpillOver {
  const real = tiers.filter(({ total }) => total > 0).sort((a, b) => a.tier - b.tier);
  const strengths = real.map(({ healthy, total }) => Math.min(1, (healthy / total) * options.overprovisioning));
  const strength = strengths.reduce((sum, one) => sum + one, 0);
  if (strength === 0) return allPanic(real);
  // Together too weak: each gets more than it should have, in proportion.
  const scale = Math.max(1, 1 / strength);
  let left = 1;
  const shares = real.map(({ tier, healthy, total }, place) => {
    const share = Math.min(left, (strengths[place] ?? 0) * scale);
    left = left - share < ROUNDING ? 0 : left - share;
    return { tier, share, panic: strength < 1 && healthy / total < options.panicBelow };
  });
  return { shares, reason: reasonOf(shares, real, strength) };
}

/** Nobody is healthy anywhere: by size, as Envoy does. */
function allPanic(tiers: readonly TierCapacity[]): SpillOver {
  const size = tiers.reduce((sum, { total }) => sum + total, 0);
  const shares = tiers.map(({ tier, total }) => ({ tier, share: total / size, panic: true }));
  const reason = tiers.length === 0 ? 'there is no tier' : 'no tier has a healthy endpoint: calls go to all endpoints';
  return { shares, reason };
}

function reasonOf(shares: readonly TierShare[], tiers: readonly TierCapacity[], strength: number): string {
  const used = shares.filter(({ share }) => share > 0);
  const [first] = used;
  const [best] = tiers;
  if (first === undefined || best === undefined) return 'there is no tier';
  const split = used.map(({ tier, share }) => `${percent(share)} to tier ${tier}`).join(', ');
  if (strength < 1) return `all tiers together are too weak: ${split}`;
  if (used.length > 1) return `only ${percent(best.healthy / best.total)} of tier ${best.tier} is healthy: ${split}`;
  return `tier ${first.tier} is strong enough for all calls`;
}

/** `70 %` of 0.7. */
export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
