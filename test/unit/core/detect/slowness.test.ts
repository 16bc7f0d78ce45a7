import fc from 'fast-check';
import { judgeSlowness, NO_ANSWERS, type SlownessState } from '../../../../core/detect/slowness';
import { Random } from '../../../../sim/random';

/** The defaults: a probe each second, with a timeout of 500 ms. */
const OPTIONS = { factor: 4, floorMs: 125 };
const SLOW_AFTER = 6;
const FINE_AFTER = 15;

/** One answer a second. */
function play(tookMs: readonly number[], from: SlownessState = NO_ANSWERS, startMs = 0): readonly SlownessState[] {
  let state = from;
  return tookMs.map((one, at) => (state = judgeSlowness(state, one, startMs + at * 1_000, OPTIONS)));
}

const times = (count: number, ms: number): readonly number[] => Array.from({ length: count }, () => ms);
const warnings = (states: readonly SlownessState[]): number =>
  states.filter(({ reason }) => reason !== undefined).length;

/** What a server that is well answers on a bad machine: a wide spread, Pareto's tail, and each minute a burst in which all is late. */
function noise(random: Random, usualMs: number, count: number): readonly number[] {
  const answers: number[] = [];
  while (answers.length < count) {
    const spread = Math.exp(random.between(-1.2, 1.2) + random.between(-1.2, 1.2));
    const late = random.chance(0.02) ? random.next() ** (-1 / 1.1) : 1;
    answers.push(Math.min(30_000, usualMs * spread * late));
    if (answers.length % 60 === 0) answers.push(...times(3, random.between(200, 450)));
  }
  return answers;
}

describe('a server that becomes slow', () => {
  it('is told of with both figures after six late answers, and not before', () => {
    const states = play([...times(600, 3), ...times(8, 240)]).slice(600);
    expect(states.map(({ reason }) => reason)).toEqual([
      ...Array.from({ length: SLOW_AFTER - 1 }, () => undefined),
      ...Array.from({ length: 3 }, () => 'answers take 240 ms, usually 3 ms'),
    ]);
  });

  it('is well again after fifteen good answers in a row, and no sooner when they are mixed', () => {
    const ill = play([...times(600, 3), ...times(20, 240)]).at(-1)!;
    const back = play(times(20, 3), ill, 620_000);
    expect(back.findIndex(({ slow }) => !slow)).toBe(FINE_AFTER - 1);
    const mixed = Array.from({ length: 60 }, (_, at) => (at % 3 === 0 ? 3 : 240));
    expect(warnings(play(mixed, ill, 620_000))).toBe(60);
  });

  it('is found whatever it took before, where the timeout leaves room', () => {
    const bases = fc.double({ min: 0.2, max: 60, noNaN: true });
    fc.assert(
      fc.property(bases, fc.double({ min: 1.1, max: 10, noNaN: true }), (usualMs, more) => {
        const slowMs = Math.max(OPTIONS.floorMs, OPTIONS.factor * usualMs) * more;
        const states = play([...times(100, usualMs), ...times(SLOW_AFTER, slowMs)]);
        expect(warnings(states.slice(0, -1))).toBe(0);
        expect(states.at(-1)?.slow).toBe(true);
        expect(warnings(play(times(FINE_AFTER, usualMs), states.at(-1), 106_000).slice(-1))).toBe(0);
      }),
    );
  });

  it('is found while it gets slower little by little, before its answers run out of time', () => {
    const doubledIn = 120;
    const ramp = Array.from({ length: 900 }, (_, at) => 3 * 2 ** (at / doubledIn)).filter((ms) => ms < 500);
    const states = play([...times(3_600, 3), ...ramp]);
    const firstAt = states.findIndex(({ slow }) => slow) - 3_600;
    expect(ramp[firstAt]).toBeLessThan(150);
  });
});

describe('no news', () => {
  it.each([
    ['a server that is many times slower and still fast', [...times(600, 0.5), ...times(600, 20)]],
    ['a server that was always slow', times(600, 300)],
    ['a slow start', [...times(9, 400), ...times(100, 3)]],
    ['one pause of five answers', [...times(600, 3), ...times(5, 480), ...times(100, 3)]],
    ['load that makes answers three times slower', [...times(600, 60), ...times(600, 180)]],
  ])('is %s', (_name, answers) => {
    expect(warnings(play(answers))).toBe(0);
  });

  it('is what a noisy machine does, with heavy tails and bursts', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0.2, max: 8, noNaN: true }), (seed, usualMs) => {
        expect(warnings(play(noise(new Random(seed), usualMs, 1_000)))).toBe(0);
      }),
    );
  });
});

it('a server that stays slow is so for an hour, and then it is what it usually does', () => {
  const states = play([...times(600, 3), ...times(3 * 3_600, 240)]).slice(600);
  expect(states.slice(10, 3_600).every(({ slow }) => slow)).toBe(true);
  expect(states.at(-1)?.slow).toBe(false);
});

it('answers that lie hours apart do not wipe out the past', () => {
  let state = play(times(600, 3)).at(-1)!;
  for (let at = 0; at < 12; at++) state = judgeSlowness(state, 400, (at + 1) * 36_000_000, OPTIONS);
  expect(state.reason).toMatch(/^answers take 400 ms, usually 3(\.\d)? ms$/);
});
