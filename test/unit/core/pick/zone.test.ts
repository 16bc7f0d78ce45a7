import fc from 'fast-check';
import { zoneShares, type ZoneCapacity } from '../../../../core/pick/zone';
import { chiSquareRatio, drawnByWeight, seeded } from '../../../support/statistics';

const options = { overprovisioning: 1.4 };
const zonesOf = (healthy: Readonly<Record<string, number>>): readonly ZoneCapacity[] =>
  Object.entries(healthy).map(([zone, count]) => ({ zone, healthy: count }));

const sharesOf = (healthy: Readonly<Record<string, number>>, own: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    zoneShares(zonesOf(healthy), own, options).shares.map(({ zone, share }) => [zone, Number(share.toFixed(3))]),
  );

const anyZones = fc
  .array(fc.nat(20), { minLength: 1, maxLength: 6 })
  .filter((healthy) => healthy.some((count) => count > 0))
  .map((healthy) => healthy.map((count, place) => ({ zone: `z${place}`, healthy: count })));

describe('the preference for the own zone', () => {
  it('keeps all calls in the own zone while it can bear them', () => {
    expect(sharesOf({ a: 3, b: 3, c: 3 }, 'a')).toEqual({ a: 1, b: 0, c: 0 });
    expect(sharesOf({ a: 3, b: 5 }, 'a')).toEqual({ a: 1, b: 0 });
  });

  it('sends what the own zone cannot bear to the zones with room, in proportion to their room', () => {
    // The own zone has 1/10 of the capacity and 1/3 of the callers.
    expect(sharesOf({ a: 1, b: 3, c: 6 }, 'a')).toEqual({ a: 0.42, b: 0, c: 0.58 });
    expect(sharesOf({ a: 1, b: 5, c: 6 }, 'a')).toEqual({ a: 0.35, b: 0.217, c: 0.433 });
  });

  it('leaves a zone where nobody is healthy, or that has no instances', () => {
    expect(sharesOf({ a: 0, b: 2, c: 2 }, 'a')).toEqual({ a: 0, b: 0.5, c: 0.5 });
    expect(sharesOf({ b: 2, c: 2 }, 'a')).toEqual({ b: 0.5, c: 0.5 });
  });

  it('is content with one zone, and has no answer only when nobody is healthy', () => {
    expect(sharesOf({ a: 2 }, 'a')).toEqual({ a: 1 });
    expect(zoneShares(zonesOf({ a: 0 }), 'a', options)).toEqual({
      shares: [],
      reason: 'nobody is healthy in any zone',
    });
  });

  it('gives its reason in one sentence', () => {
    const reason = (healthy: Readonly<Record<string, number>>): string =>
      zoneShares(zonesOf(healthy), 'a', options).reason;
    expect(reason({ a: 1, b: 1 })).toBe('zone a can bear all calls of its callers');
    expect(reason({ a: 1, b: 3, c: 6 })).toBe(
      'zone a can bear 42 % of the calls of its callers; the rest goes to zones with room',
    );
    expect(reason({ a: 0, b: 1 })).toBe('zone a has nobody healthy: all calls go to other zones');
  });

  it('gives out all calls, and none to a zone without anybody healthy', () => {
    fc.assert(
      fc.property(anyZones, fc.nat(6), (zones, own) => {
        const { shares } = zoneShares(zones, `z${own}`, options);
        expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
        for (const [place, { share }] of shares.entries()) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share > 0 && zones[place]?.healthy === 0).toBe(false);
        }
      }),
    );
  });

  it('loads every healthy instance alike, all zones together, when nothing is overprovisioned', () => {
    fc.assert(
      fc.property(anyZones, (zones) => {
        const loads = zones.map(() => 0);
        for (const { zone } of zones) {
          const { shares } = zoneShares(zones, zone, { overprovisioning: 1 });
          for (const [place, { share }] of shares.entries()) loads[place]! += share / zones.length;
        }
        const capacity = zones.reduce((sum, { healthy }) => sum + healthy, 0);
        for (const [place, load] of loads.entries()) expect(load).toBeCloseTo(zones[place]!.healthy / capacity, 9);
      }),
    );
  });

  it('draws zones by their shares', () => {
    const { shares } = zoneShares(zonesOf({ a: 1, b: 5, c: 6 }), 'a', options);
    const wanted = shares.map(({ share }) => share);
    expect(chiSquareRatio(drawnByWeight(wanted, 30_000, seeded(5)), wanted)).toBeLessThan(1);
  });
});
