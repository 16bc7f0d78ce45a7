/**
 * Decides which endpoints take first attempts, and with which weights: tiers first (spill-over), then zones, then what each
 * can bear (weight, load, slow start). It knows endpoints only as members with numbers.
 */
import { poolWeights } from './load-weight';
import { shareOut } from './share-out';
import { slowStartFactor, slowStartWakeMs, type SlowStartOptions } from './slow-start';
import { percent, spillOver } from './spill-over';
import { zoneShares } from './zone';

export interface SpreadMember {
  readonly tier: number;
  /** '' where the instance names none. */
  readonly zone: string;
  /** As the catalog says; greater than 0. */
  readonly weight: number;
  /** As the load that its server reports says; null: not known. */
  readonly load: number | null;
  /** It reports its load, so that its weight changes with time. */
  readonly reportsLoad: boolean;
  /** It may be given calls now. The others only count as capacity that is missing. */
  readonly usable: boolean;
  /** Since when it has been so without a break, ms of the clock; null when it is not. */
  readonly usableSinceMs: number | null;
}

export interface SpreadOptions {
  /** Let weights count: the catalog's, and those of the reported load. */
  readonly byWeight: boolean;
  /** Hand calls down to the next tier when the active one is partly dead. */
  readonly spillOver: boolean;
  /** The caller's own zone; '' for none: then zones do not matter. */
  readonly zone: string;
  /** Time in which a returned endpoint grows to its full share, ms; 0: at once. */
  readonly slowStartMs: number;
  /** Time in which a tier that the calls go back to gets all of them, ms; 0: at once. */
  readonly failbackRampMs: number;
}

export interface ActiveTier {
  /** It takes the calls as far as it can; better ones get none, whatever they can do. */
  readonly tier: number;
  /** The one from which the calls go back to it, and since when; null: all are there. */
  readonly leaving: { readonly tier: number; readonly sinceMs: number } | null;
}

export interface Spread {
  /** One for each member, in their order; 0: it takes no first attempt. */
  readonly weights: readonly number[];
  /** When to spread anew though nothing happened; null: not by time alone. */
  readonly wakeAtMs: number | null;
  readonly reason: string;
}

/** Envoy's factor, for tiers and zones alike: they bear a little more than their even share. */
const OVERPROVISIONING = 1.4;
const LEAST_SHARE = 0.1;
/** Those that started together, give or take, share evenly: round robin goes round. */
const SAME_AGE = 0.9;
/** gRFC A58, weight_update_period. */
const LOAD_PERIOD_MS = 1_000;

export function spread(
  members: readonly SpreadMember[],
  active: ActiveTier,
  nowMs: number,
  options: SpreadOptions,
): Spread {
  const tiers = rampedShares(tierShares(members, active.tier, options), members, active, nowMs, options);
  const capacities = capacitiesOf(members, nowMs, options);
  const zoned = zoneWeights(members, capacities, options);
  const inTiers = members.map(({ tier }, place) => ({ group: tier, weight: zoned[place] ?? 0 }));
  const weights = shareOut(inTiers, tiers.shares);
  return { weights, wakeAtMs: wakeAtMs(members, weights, active, nowMs, options), reason: tiers.reason };
}

interface TierShares {
  readonly shares: ReadonlyMap<number, number>;
  readonly reason: string;
}

/** After a failback the tier that is left keeps a part of the calls, less and less of it, while it can. */
function rampedShares(
  whole: TierShares,
  members: readonly SpreadMember[],
  { tier: activeTier, leaving }: ActiveTier,
  nowMs: number,
  { failbackRampMs }: SpreadOptions,
): TierShares {
  if (leaving === null || !members.some(({ tier, usable }) => usable && tier === leaving.tier)) return whole;
  const part = slowStartFactor(nowMs - leaving.sinceMs, rampOf(failbackRampMs));
  if (part === 1) return whole;
  const shares = new Map([...whole.shares].map(([tier, share]) => [tier, part * share]));
  shares.set(leaving.tier, 1 - part + (shares.get(leaving.tier) ?? 0));
  const reason = `calls go back from tier ${leaving.tier} to tier ${activeTier}: ${percent(part)} of them so far`;
  return { shares, reason };
}

function tierShares(members: readonly SpreadMember[], activeTier: number, options: SpreadOptions): TierShares {
  const alone = { shares: new Map([[activeTier, 1]]), reason: `tier ${activeTier} takes all calls` };
  const isWhole = members.every(({ tier, usable }) => tier !== activeTier || usable);
  if (!options.spillOver || isWhole) return alone;
  const capacity = new Map<number, { tier: number; healthy: number; total: number }>();
  for (const { tier, weight, usable } of members) {
    if (tier < activeTier) continue;
    const known = capacity.get(tier) ?? { tier, healthy: 0, total: 0 };
    known.total += weight;
    if (usable) known.healthy += weight;
    capacity.set(tier, known);
  }
  const { shares, reason } = spillOver([...capacity.values()], { overprovisioning: OVERPROVISIONING, panicBelow: 0 });
  return { shares: new Map(shares.map(({ tier, share }) => [tier, share])), reason };
}

/** What each usable member can bear, compared with the others of its tier. */
function capacitiesOf(
  members: readonly SpreadMember[],
  nowMs: number,
  { byWeight, slowStartMs }: SpreadOptions,
): readonly number[] {
  const weights = byWeight ? poolWeights(members.map(({ weight: fixed, load }) => ({ fixed, load }))) : null;
  const factors = members.map(({ usableSinceMs }) =>
    usableSinceMs === null ? 0 : slowStartFactor(nowMs - usableSinceMs, rampOf(slowStartMs)),
  );
  const grown = Math.max(...factors);
  return factors.map((factor, place) => {
    const share = factor > grown * SAME_AGE ? grown : factor;
    return share * (weights?.[place] ?? 1);
  });
}

/** Weights inside each tier, the caller's own zone preferred. */
function zoneWeights(
  members: readonly SpreadMember[],
  capacities: readonly number[],
  { zone: own }: SpreadOptions,
): readonly number[] {
  if (own === '') return capacities;
  const groups = members.map(({ tier, zone }, place) => ({ group: `${tier} ${zone}`, weight: capacities[place] ?? 0 }));
  const shares = new Map<string, number>();
  for (const tier of new Set(members.map((member) => member.tier))) {
    const zones = new Map<string, number>();
    for (const { zone, weight } of members.filter((member) => member.tier === tier && member.usable)) {
      zones.set(zone, (zones.get(zone) ?? 0) + weight);
    }
    const capacity = [...zones].map(([zone, healthy]) => ({ zone, healthy }));
    for (const { zone, share } of zoneShares(capacity, own, { overprovisioning: OVERPROVISIONING }).shares) {
      shares.set(`${tier} ${zone}`, share);
    }
  }
  return shareOut(groups, shares);
}

function wakeAtMs(
  members: readonly SpreadMember[],
  weights: readonly number[],
  { leaving }: ActiveTier,
  nowMs: number,
  { byWeight, slowStartMs, failbackRampMs }: SpreadOptions,
): number | null {
  const pool = members.filter((_, place) => (weights[place] ?? 0) > 0);
  if (pool.length < 2) return null;
  const wakeMs = (sinceMs: number | undefined | null, windowMs: number): number =>
    slowStartWakeMs(nowMs - (sinceMs ?? -Infinity), rampOf(windowMs)) ?? Infinity;
  const ramps = pool.map(({ usableSinceMs }) => wakeMs(usableSinceMs, slowStartMs));
  const load = byWeight && pool.some(({ reportsLoad }) => reportsLoad) ? LOAD_PERIOD_MS : Infinity;
  const soonest = Math.min(load, wakeMs(leaving?.sinceMs, failbackRampMs), ...ramps);
  return Number.isFinite(soonest) ? nowMs + soonest : null;
}

function rampOf(windowMs: number): SlowStartOptions {
  return { windowMs, aggression: 1, minShare: LEAST_SHARE };
}
