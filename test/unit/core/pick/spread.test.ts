import fc from 'fast-check';
import { spread, type ActiveTier, type SpreadMember, type SpreadOptions } from '../../../../core/pick/spread';

const OPTIONS: SpreadOptions = {
  byWeight: false,
  spillOver: true,
  zone: '',
  slowStartMs: 10_000,
  failbackRampMs: 3_000,
};
const NOW_MS = 100_000;
const FIRST: ActiveTier = { tier: 0, leaving: null };

const member = (changes: Partial<SpreadMember> = {}): SpreadMember => ({
  tier: 0,
  zone: '',
  weight: 1,
  load: null,
  reportsLoad: false,
  usable: true,
  usableSinceMs: 0,
  ...changes,
});
const dead = (changes: Partial<SpreadMember> = {}): SpreadMember =>
  member({ usable: false, usableSinceMs: null, ...changes });

/** Whole percents of the calls, in the order of the members. */
function percents(
  members: readonly SpreadMember[],
  options: Partial<SpreadOptions> = {},
  tier = 0,
  leaving: ActiveTier['leaving'] = null,
): number[] {
  const { weights } = spread(members, { tier, leaving }, NOW_MS, { ...OPTIONS, ...options });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => Math.round((100 * weight) / sum));
}

describe('the spread of calls', () => {
  it('gives all to the primary while it lives, and all to the backup when it is dead', () => {
    expect(percents([member(), member({ tier: 1 })])).toEqual([100, 0]);
    expect(percents([dead(), member({ tier: 1 })], {}, 1)).toEqual([0, 100]);
  });

  it('keeps a returned better tier out until it is the active one', () => {
    expect(percents([member(), member({ tier: 1 })], {}, 1)).toEqual([0, 100]);
  });

  it('hands a part down when the tier is partly dead, but not when enough of it lives', () => {
    const four = [member(), member(), member(), dead()];
    expect(percents([...four, member({ tier: 1 })])).toEqual([33, 33, 33, 0, 0]);
    expect(percents([member(), dead(), member({ tier: 1 })])).toEqual([70, 0, 30]);
    expect(percents([member(), dead(), member({ tier: 1 })], { spillOver: false })).toEqual([100, 0, 0]);
  });

  it('counts weights only where the policy does', () => {
    const pair = [member({ weight: 3 }), member()];
    expect(percents(pair)).toEqual([50, 50]);
    expect(percents(pair, { byWeight: true })).toEqual([75, 25]);
    expect(percents([member({ load: 300 }), member({ load: 100 })], { byWeight: true })).toEqual([75, 25]);
  });

  it('lets one that came back grow, and says when to look again', () => {
    const back = member({ usableSinceMs: NOW_MS - 5_000 });
    expect(percents([member(), back])).toEqual([67, 33]);
    expect(spread([member(), back], FIRST, NOW_MS, OPTIONS).wakeAtMs).toBe(NOW_MS + 500);
    expect(percents([member(), back], { slowStartMs: 0 })).toEqual([50, 50]);
    expect(spread([member(), member()], FIRST, NOW_MS, OPTIONS).wakeAtMs).toBeNull();
    expect(spread([back], FIRST, NOW_MS, OPTIONS).wakeAtMs).toBeNull();
  });

  it('brings the calls back to a better tier by and by, while the one before it can take the rest', () => {
    const pair = [member(), member({ tier: 1 })];
    const since = (ms: number): ActiveTier['leaving'] => ({ tier: 1, sinceMs: NOW_MS - ms });
    const after = (ms: number): number[] => percents(pair, {}, 0, since(ms));
    expect([0, 750, 1_500, 3_000].map(after)).toEqual([
      [10, 90],
      [25, 75],
      [50, 50],
      [100, 0],
    ]);
    expect(percents(pair, { failbackRampMs: 0 }, 0, since(0))).toEqual([100, 0]);
    expect(percents([member(), dead({ tier: 1 })], {}, 0, since(0))).toEqual([100, 0]);
    expect(percents([member(), dead(), member({ tier: 1 })], {}, 0, since(1_500))).toEqual([35, 0, 65]);
    expect(percents([member(), member({ tier: 1 }), member({ tier: 2 })], {}, 0, since(1_500))).toEqual([50, 50, 0]);
    const { wakeAtMs, reason } = spread(pair, { tier: 0, leaving: since(1_500) }, NOW_MS, OPTIONS);
    expect(wakeAtMs).toBe(NOW_MS + 150);
    expect(reason).toBe('calls go back from tier 1 to tier 0: 50 % of them so far');
  });

  it('prefers the own zone as far as it can bear it', () => {
    const here = member({ zone: 'here' });
    const there = member({ zone: 'there' });
    expect(percents([here, there], { zone: 'here' })).toEqual([100, 0]);
    expect(percents([here, there, there, there], { zone: 'here' })).toEqual([70, 10, 10, 10]);
    expect(percents([dead({ zone: 'here' }), there], { zone: 'here' })).toEqual([0, 100]);
    expect(percents([there, there], { zone: 'here' })).toEqual([50, 50]);
  });

  it('gives calls to the usable alone, and to somebody as long as one of the active tier is usable', () => {
    const anyMember = fc.record({
      tier: fc.nat(2),
      zone: fc.constantFrom('', 'here', 'there'),
      weight: fc.integer({ min: 1, max: 65_535 }),
      load: fc.option(fc.double({ min: 0.01, max: 1e6, noNaN: true })),
      reportsLoad: fc.boolean(),
      usableSinceMs: fc.option(fc.nat(NOW_MS)),
    });
    const options = fc.record({
      byWeight: fc.boolean(),
      spillOver: fc.boolean(),
      zone: fc.constantFrom('', 'here', 'elsewhere'),
      slowStartMs: fc.constantFrom(0, 10_000),
      failbackRampMs: fc.constantFrom(0, 3_000),
    });
    const leaving = fc.option(
      fc.record({ tier: fc.nat(3), sinceMs: fc.integer({ min: NOW_MS - 4_000, max: NOW_MS }) }),
    );
    fc.assert(
      fc.property(fc.array(anyMember, { minLength: 1, maxLength: 12 }), options, leaving, (described, chosen, left) => {
        const members = described.map((one) => ({ ...one, usable: one.usableSinceMs !== null }));
        const tier = Math.min(...members.map((one) => (one.usable ? one.tier : Infinity)));
        if (!Number.isFinite(tier)) return;
        const active = { tier, leaving: left !== null && left.tier > tier ? left : null };
        const { weights, wakeAtMs } = spread(members, active, NOW_MS, chosen);
        for (const [place, weight] of weights.entries()) {
          expect(weight).toBeGreaterThanOrEqual(0);
          const mayServe = members[place]!.usable && members[place]!.tier >= tier;
          expect(weight > 0 && !mayServe).toBe(false);
        }
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1);
        expect(wakeAtMs ?? Infinity).toBeGreaterThan(NOW_MS);
      }),
      { numRuns: 300 },
    );
  });
});
