import { hedgeAfterMs, lateAfterMs } from '../../../../core/decide/hedge';

const OPTIONS = { minDelayMs: 10, firstDelayMs: 100 };

describe('an attempt is late', () => {
  it.each<[string, number | null, number]>([
    ['after the first delay while nothing is known', null, 100],
    ['later than 99 % of the attempts, with a margin', 40, 60],
    ['never sooner than the least delay', 1, 10],
    ['by the same measure where calls take long', 4_000, 6_000],
  ])('%s', (_name, usualMs, delayMs) => {
    expect(lateAfterMs(usualMs, OPTIONS)).toBe(delayMs);
  });
});

describe('a second attempt is sent', () => {
  it.each<[string, number, number | null, number, number]>([
    ['when the first is late', 60, 40, 1_000, 60],
    ['when the first is late, without a deadline', 60, 40, Infinity, 60],
    ['after half the time that is left, where late is later', 900, 600, 1_400, 700],
    ['not before 99 % would have been answered, where that is more', 900, 600, 1_000, 600],
    ['after half the time that is left, where nothing is known', 100, null, 120, 60],
  ])('%s', (_name, lateMs, usualMs, leftMs, delayMs) => {
    expect(hedgeAfterMs(lateMs, usualMs, leftMs)).toBe(delayMs);
  });
});
