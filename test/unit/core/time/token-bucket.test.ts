import fc from 'fast-check';
import { fullBucket, takeToken } from '../../../../core/time/token-bucket';

const options = { burst: 3, refillMs: 100 };

function waits(times: readonly number[]): readonly number[] {
  let bucket = fullBucket(options, 0);
  return times.map((nowMs) => {
    const taken = takeToken(bucket, options, nowMs);
    ({ bucket } = taken);
    return taken.waitMs;
  });
}

it('lets a burst through at once, then one action per refill, each behind the one before', () => {
  expect(waits([0, 0, 0, 0, 0])).toEqual([0, 0, 0, 100, 200]);
});

it('is full again after a pause, and never more than full', () => {
  expect(waits([0, 0, 0, 0, 10_000, 10_000, 10_000, 10_000])).toEqual([0, 0, 0, 100, 0, 0, 0, 100]);
});

it('refills nothing while the clock stands still or runs backwards', () => {
  expect(waits([50, 50, 50, 50, 20, 0])).toEqual([0, 0, 0, 100, 200, 300]);
});

it('never allows more than burst plus one per refill in any stretch of time', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(pauses, (gaps) => {
      let bucket = fullBucket(options, 0);
      let nowMs = 0;
      const actions = gaps.map((gap) => {
        const taken = takeToken(bucket, options, (nowMs += gap));
        ({ bucket } = taken);
        // Whoever has to wait does nothing else meanwhile.
        return (nowMs += taken.waitMs);
      });
      actions.forEach((fromMs, first) => {
        actions.slice(first).forEach((toMs, more) => {
          expect(more + 1).toBeLessThanOrEqual(options.burst + (toMs - fromMs) / options.refillMs + 1e-6);
        });
      });
    }),
    { numRuns: 50 },
  );
});
