import { marginOfGroups, median, medianMargin } from '../../../scripts/bench/statistics';

/** Numbers from 0 to 1 that look random, the same each time. */
function* noise(): Generator<number, never> {
  for (let seed = 1; ;) {
    seed = (seed * 48_271) % 2_147_483_647;
    yield seed / 2_147_483_647;
  }
}

describe('the margin of a median', () => {
  it('holds the true median in about 95 of 100 series, however lopsided they are', () => {
    const next = noise();
    let held = 0;
    for (let series = 0; series < 1_000; series += 1) {
      // The median of the squares of even numbers from 0 to 1 is a quarter.
      const values = Array.from({ length: 45 }, () => next.next().value ** 2);
      if (Math.abs(median(values) - 0.25) <= medianMargin(values)) held += 1;
    }
    expect(held).toBeGreaterThan(900);
    expect(held).toBeLessThan(990);
  });

  it('is nothing where all are alike, and half of the range where there are few', () => {
    expect(medianMargin([3, 3, 3, 3])).toBe(0);
    expect(medianMargin([5, 1, 2])).toBe(2);
  });

  it('holds it just as well where the values come from a dozen processes, each of which has its luck', () => {
    const next = noise();
    const spread = (): number => next.next().value - 0.5;
    let held = 0;
    let heldByOrderAlone = 0;
    for (let series = 0; series < 1_000; series += 1) {
      const processes = Array.from({ length: 12 }, () => {
        const luck = spread();
        return Array.from({ length: 40 }, () => 1 + luck + spread());
      });
      const off = Math.abs(median(processes.flat()) - 1);
      if (off <= marginOfGroups(processes)) held += 1;
      if (off <= medianMargin(processes.flat())) heldByOrderAlone += 1;
    }
    expect(held).toBeGreaterThan(900);
    expect(held).toBeLessThan(990);
    expect(heldByOrderAlone).toBeLessThan(800);
  });

  it('is of the rounds alone where there is one process', () => {
    expect(marginOfGroups([[5, 1, 2]])).toBe(2);
  });
});
