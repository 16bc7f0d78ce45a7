import { runSeed } from '../../../sim/run';

/** A short form of `npm run sim`. */
const SEEDS = 25;

describe('the simulation', () => {
  it('keeps every promise under the faults of many seeds, and converges after the last one', async () => {
    const broken: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { violations } = await runSeed(seed);
      broken.push(...violations.map((violation) => `npm run sim -- --seed ${seed}: ${violation}`));
    }
    expect(broken).toEqual([]);
  }, 60_000);

  it('plays the same seed to the letter again', async () => {
    const [one, again] = [await runSeed(3), await runSeed(3)];
    expect(again.lines).toEqual(one.lines);
    expect(again.fingerprint).toBe(one.fingerprint);
  });

  it('plays another seed otherwise', async () => {
    const [one, other] = [await runSeed(3), await runSeed(4)];
    expect(other.fingerprint).not.toBe(one.fingerprint);
  });
});
