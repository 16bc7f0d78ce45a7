import { RecentQuantile } from '../../../../core/measure/recent-quantile';

function after(samples: readonly number[]): number | null {
  const quantile = new RecentQuantile(0.99);
  for (const sample of samples) quantile.add(sample);
  return quantile.value;
}

describe('the recent quantile', () => {
  it('knows nothing before the first sample', () => {
    expect(after([])).toBeNull();
    expect(after([7])).toBe(7);
  });

  it('has the wanted share below it', () => {
    expect(after(Array.from({ length: 200 }, (_, sample) => sample + 1))).toBeGreaterThanOrEqual(190);
    expect(after(Array.from({ length: 200 }, (_, sample) => sample + 1))).toBeLessThanOrEqual(200);
  });

  it('forgets a slow start within one window', () => {
    expect(after([500, ...Array.from({ length: 272 }, () => 2)])).toBe(2);
  });
});
