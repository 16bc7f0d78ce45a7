import fc from 'fast-check';
import { slowStartFactor, slowStartWakeMs, type SlowStartOptions } from '../../../../core/pick/slow-start';
import { chiSquareRatio, drawnByWeight, seeded } from '../../../support/statistics';

const line: SlowStartOptions = { windowMs: 10_000, aggression: 1, minShare: 0.1 };

const anyOptions = fc.record({
  windowMs: fc.double({ min: 1, max: 1e6, noNaN: true }),
  aggression: fc.double({ min: 0.1, max: 10, noNaN: true }),
  minShare: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('the slow start of an endpoint', () => {
  it('begins with the least share, follows the line, and ends with all', () => {
    const at = (sinceMs: number): number => slowStartFactor(sinceMs, line);
    expect([0, 500, 1_000, 2_500, 5_000, 9_000, 10_000, 1e9].map(at)).toEqual([0.1, 0.1, 0.1, 0.25, 0.5, 0.9, 1, 1]);
  });

  it('rises faster at first with more aggression, slower with less', () => {
    const quarter = (aggression: number): number => slowStartFactor(2_500, { ...line, aggression });
    expect(quarter(2)).toBeCloseTo(0.5);
    expect(quarter(0.5)).toBeCloseTo(0.1);
  });

  it('does nothing when its window is 0, and takes a clock that ran backwards for the start', () => {
    expect(slowStartFactor(0, { ...line, windowMs: 0 })).toBe(1);
    expect(slowStartWakeMs(0, { ...line, windowMs: 0 })).toBeNull();
    expect(slowStartFactor(-5, line)).toBe(0.1);
  });

  it('never falls, and stays between the least share and 1', () => {
    fc.assert(
      fc.property(anyOptions, fc.nat(2_000_000), fc.nat(2_000_000), (options, one, more) => {
        const [early, late] = [slowStartFactor(one, options), slowStartFactor(one + more, options)];
        expect(early).toBeGreaterThanOrEqual(options.minShare);
        expect(late).toBeGreaterThanOrEqual(early);
        expect(late).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is over after at most twenty steps when it is asked again each time it says', () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        let sinceMs = 0;
        let steps = 0;
        for (let wakeMs = slowStartWakeMs(0, options); wakeMs !== null; wakeMs = slowStartWakeMs(sinceMs, options)) {
          expect(wakeMs).toBeGreaterThan(0);
          // Timers are never early.
          sinceMs += wakeMs + 0.001;
          steps += 1;
        }
        expect(steps).toBeLessThanOrEqual(20);
        expect(slowStartFactor(sinceMs, options)).toBe(1);
      }),
    );
  });

  it('gives a returned endpoint its part of the calls beside two others', () => {
    const factor = slowStartFactor(2_500, line);
    const seen = drawnByWeight([1, 1, factor], 30_000, seeded(11));
    expect(chiSquareRatio(seen, [1 / 2.25, 1 / 2.25, 0.25 / 2.25])).toBeLessThan(1);
  });
});
