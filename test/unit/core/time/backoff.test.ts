import fc from 'fast-check';
import { backoffMs } from '../../../../core/time/backoff';

const OPTIONS = { initialMs: 100, maxMs: 1_000, factor: 2, jitter: 0 };

describe('backoff', () => {
  it('doubles up to its bound', () => {
    expect([0, 1, 2, 3, 4, 5, 1_000].map((attempt) => backoffMs(attempt, OPTIONS, () => 0.5))).toEqual([
      100, 200, 400, 800, 1_000, 1_000, 1_000,
    ]);
  });

  it('stays within its bound and draws only the jittered share', () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, jitter, random) => {
          const full = backoffMs(attempt, OPTIONS, () => 0);
          const delay = backoffMs(attempt, { ...OPTIONS, jitter }, () => random);
          expect(delay).toBeLessThanOrEqual(full);
          expect(delay).toBeGreaterThanOrEqual(full * (1 - jitter) - 1e-9);
        },
      ),
    );
  });
});
