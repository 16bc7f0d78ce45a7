import fc from 'fast-check';
import { shareOut } from '../../../../core/pick/share-out';
import { ENVOY_SPILL_OVER, spillOver, type TierCapacity } from '../../../../core/pick/spill-over';
import { chiSquareRatio, drawnByWeight, seeded } from '../../../support/statistics';

const tiersOf = (...healthyOfHundred: readonly number[]): readonly TierCapacity[] =>
  healthyOfHundred.map((healthy, tier) => ({ tier, healthy, total: 100 }));

const percents = (tiers: readonly TierCapacity[]): readonly number[] =>
  spillOver(tiers, ENVOY_SPILL_OVER).shares.map(({ share }) => Math.round(share * 100));

const panics = (tiers: readonly TierCapacity[]): readonly boolean[] =>
  spillOver(tiers, ENVOY_SPILL_OVER).shares.map(({ panic }) => panic);

const anyTiers = fc
  .array(fc.tuple(fc.nat(100), fc.nat(100)), { minLength: 1, maxLength: 6 })
  .map((pairs) => pairs.map(([a, b], tier) => ({ tier, healthy: Math.min(a, b), total: Math.max(a, b) })));

describe('the spill-over between tiers', () => {
  it.each([
    { healthy: [100, 100], wanted: [100, 0] },
    { healthy: [72, 100], wanted: [100, 0] },
    { healthy: [71, 100], wanted: [99, 1] },
    { healthy: [50, 100], wanted: [70, 30] },
    { healthy: [25, 100], wanted: [35, 65] },
    { healthy: [0, 100], wanted: [0, 100] },
    { healthy: [71, 71, 100], wanted: [99, 1, 0] },
    { healthy: [50, 50, 100], wanted: [70, 30, 0] },
    { healthy: [25, 100, 100], wanted: [35, 65, 0] },
    { healthy: [25, 25, 100], wanted: [35, 35, 30] },
    { healthy: [20, 20, 10], wanted: [40, 40, 20] },
  ])('splits calls as Envoy does: of tiers healthy by $healthy percent to $wanted percent', ({ healthy, wanted }) => {
    expect(percents(tiersOf(...healthy))).toEqual(wanted);
  });

  it('moves all calls at once where a tier is one server', () => {
    const one = (healthy: number): readonly TierCapacity[] => [
      { tier: 0, healthy, total: 1 },
      { tier: 1, healthy: 1, total: 1 },
    ];
    expect(percents(one(1))).toEqual([100, 0]);
    expect(percents(one(0))).toEqual([0, 100]);
  });

  it('panics only where all tiers together are too weak, and then in the weak ones', () => {
    expect(panics(tiersOf(25, 100))).toEqual([false, false]);
    expect(panics(tiersOf(25, 25))).toEqual([true, true]);
    expect(panics(tiersOf(60, 5))).toEqual([false, true]);
    expect(spillOver(tiersOf(25, 25), { ...ENVOY_SPILL_OVER, panicBelow: 0 }).shares[0]?.panic).toBe(false);
  });

  it('spreads by size when nobody is healthy anywhere', () => {
    const tiers = [
      { tier: 0, healthy: 0, total: 1 },
      { tier: 1, healthy: 0, total: 3 },
    ];
    expect(percents(tiers)).toEqual([25, 75]);
    expect(panics(tiers)).toEqual([true, true]);
  });

  it('gives its reason in one sentence', () => {
    const reason = (...healthy: readonly number[]): string => spillOver(tiersOf(...healthy), ENVOY_SPILL_OVER).reason;
    expect(reason(80, 100)).toBe('tier 0 is strong enough for all calls');
    expect(reason(50, 100)).toBe('only 50 % of tier 0 is healthy: 70 % to tier 0, 30 % to tier 1');
    expect(reason(20, 20)).toBe('all tiers together are too weak: 50 % to tier 0, 50 % to tier 1');
    expect(reason(0, 100)).toBe('tier 1 is strong enough for all calls');
    expect(reason(0, 0)).toBe('no tier has a healthy endpoint: calls go to all endpoints');
    expect(spillOver([], ENVOY_SPILL_OVER)).toEqual({ shares: [], reason: 'there is no tier' });
  });

  it('gives out all calls, none to a tier without a healthy endpoint while there is another', () => {
    fc.assert(
      fc.property(anyTiers, (tiers) => {
        const { shares } = spillOver(tiers, ENVOY_SPILL_OVER);
        fc.pre(shares.length > 0);
        expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
        const healthy = new Map(tiers.map((one) => [one.tier, one.healthy]));
        const anybody = tiers.some((one) => one.healthy > 0);
        expect(anybody && shares.some(({ tier, share }) => share > 1e-6 && healthy.get(tier) === 0)).toBe(false);
      }),
    );
  });

  it('never gives a tier less because one more of its endpoints is healthy', () => {
    fc.assert(
      fc.property(anyTiers, fc.nat(5), (tiers, which) => {
        const grown = tiers.map((one, place) =>
          place === which % tiers.length ? { ...one, healthy: Math.min(one.total, one.healthy + 1) } : one,
        );
        fc.pre(tiers.some(({ healthy }) => healthy > 0));
        const shareIn = (list: readonly TierCapacity[]): number =>
          spillOver(list, ENVOY_SPILL_OVER).shares.find(({ tier }) => tier === which % tiers.length)?.share ?? 0;
        expect(shareIn(grown)).toBeGreaterThanOrEqual(shareIn(tiers) - 1e-9);
      }),
    );
  });

  it('becomes weights of endpoints that give each tier its share, and each endpoint its part of it', () => {
    const members = [
      { group: 0, weight: 1 },
      { group: 1, weight: 3 },
      { group: 1, weight: 1 },
      { group: 2, weight: 9 },
    ];
    const weights = shareOut(
      members,
      new Map([
        [0, 0.7],
        [1, 0.3],
      ]),
    );
    expect(weights).toEqual([0.7, 0.3 * 0.75, 0.3 * 0.25, 0]);
    expect(chiSquareRatio(drawnByWeight(weights, 20_000, seeded(3)), weights)).toBeLessThan(1);
    expect(shareOut([{ group: 0, weight: 0 }], new Map([[0, 1]]))).toEqual([0]);
  });
});
