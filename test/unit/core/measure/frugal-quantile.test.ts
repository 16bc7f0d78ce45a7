import fc from 'fast-check';
import { frugalQuantile } from '../../../../core/measure/frugal-quantile';

const after = (samples: readonly number[], share: number): number =>
  samples.reduce((value, sample) => frugalQuantile(value, sample, share), samples[0] ?? 0);

describe('a frugal quantile', () => {
  it('rests where the wanted share of the samples lies below it', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1_000, noNaN: true }), fc.nat(1_000), (scale, offset) => {
        let value = scale;
        let above = 0;
        for (let step = 0; step < 20_000; step += 1) {
          // Multiples of the golden ratio fall evenly into [0, 1).
          const sample = scale * (1 + (((offset + step) * 0.618_033_988_75) % 1));
          if (sample > value) above += 1;
          value = frugalQuantile(value, sample, 0.98);
        }
        expect(above / 20_000).toBeGreaterThan(0.01);
        expect(above / 20_000).toBeLessThan(0.03);
      }),
      { numRuns: 50 },
    );
  });

  it('is not led astray by one sample, however large', () => {
    const before = after(Array<number>(500).fill(10), 0.98);
    expect(frugalQuantile(before, 10_000, 0.98)).toBeLessThan(13);
  });

  it('follows a change of scale, up at once and down by and by', () => {
    const up = after([...Array<number>(100).fill(2), ...Array<number>(40).fill(500)], 0.98);
    expect(up).toBeGreaterThan(430);
    expect(after([...Array<number>(40).fill(500), ...Array<number>(2_500).fill(2)], 0.98)).toBeLessThan(3);
  });
});
