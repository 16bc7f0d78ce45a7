import { hedgeDelayMs } from '../../../../core/decide/hedge';

const OPTIONS = { enabled: true, minDelayMs: 10, firstDelayMs: 100 };

describe('when a second attempt is sent', () => {
  it.each<[string, number | null, number | null]>([
    ['after the first delay while nothing is known', null, 100],
    ['later than 99 % of the attempts, with a margin', 40, 60],
    ['never sooner than the least delay', 1, 10],
    ['by the same measure where calls take long', 4_000, 6_000],
  ])('%s', (_name, usualMs, delayMs) => {
    expect(hedgeDelayMs(usualMs, OPTIONS)).toBe(delayMs);
  });

  it('is never when hedging is off', () => {
    expect(hedgeDelayMs(1, { ...OPTIONS, enabled: false })).toBeNull();
  });
});
