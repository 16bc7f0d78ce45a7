/**
 * Decides which share of this caller's calls each zone gets: its own zone first, and no more than that zone can bear,
 * so that every endpoint still gets about the same load. It never looks at single endpoints.
 *
 * The idea is Envoy's ("Zone aware routing" in its architecture overview). Envoy knows where the callers are; we do not,
 * and take them to be spread evenly over the zones.
 */

/** Capacity is what the user measures it in: healthy instances, or the sum of their weights. */
export interface ZoneCapacity {
  readonly zone: string;
  readonly healthy: number;
}

export interface ZoneOptions {
  /** How many times its even share of the load a zone can bear, at least 1; 1.4. With 1 the load is exactly even. */
  readonly overprovisioning: number;
}

export interface ZoneShare {
  readonly zone: string;
  /** 0 to 1; all shares add up to 1. */
  readonly share: number;
}

export interface ZoneSpread {
  /** In the order of the zones. Empty only when nobody is healthy in any zone. */
  readonly shares: readonly ZoneShare[];
  readonly reason: string;
}

/**
 * Each zone's callers bring 1 / n of the load of n zones. Our zone keeps of it what its part of the healthy capacity can
 * bear; the rest goes to the zones that have more capacity than callers, in proportion to what they have to spare.
 * @param zones each at most once, in any order
 * @param own this caller's zone; one without instances counts as a zone without capacity
 */
export function zoneShares(zones: readonly ZoneCapacity[], own: string, options: ZoneOptions): ZoneSpread {
  const all = zones.some(({ zone }) => zone === own) ? zones : [...zones, { zone: own, healthy: 0 }];
  const capacity = all.reduce((sum, { healthy }) => sum + healthy, 0);
  if (capacity === 0) return { shares: [], reason: 'nobody is healthy in any zone' };
  const demand = 1 / all.length;
  const ownPart = (all.find(({ zone }) => zone === own)?.healthy ?? 0) / capacity;
  const kept = Math.min(1, (ownPart * options.overprovisioning) / demand);
  const spare = all.map(({ zone, healthy }) => (zone === own ? 0 : Math.max(0, healthy / capacity - demand)));
  const allSpare = spare.reduce((sum, one) => sum + one, 0);
  const shares = zones.map(({ zone }, place) => ({
    zone,
    share: zone === own ? kept : allSpare > 0 ? ((1 - kept) * (spare[place] ?? 0)) / allSpare : 0,
  }));
  return { shares, reason: reasonOf(own, kept) };
}

function reasonOf(own: string, kept: number): string {
  if (kept === 1) return `zone ${own} can bear all calls of its callers`;
  if (kept === 0) return `zone ${own} has nobody healthy: all calls go to other zones`;
  const percent = Math.round(kept * 100);
  return `zone ${own} can bear ${percent} % of the calls of its callers; the rest goes to zones with room`;
}
