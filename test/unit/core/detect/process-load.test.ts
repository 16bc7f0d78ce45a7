import fc from 'fast-check';
import {
  judgeLoad,
  NO_LOOK,
  type LoadLimits,
  type LoadState,
  type ProcessUse,
} from '../../../../core/detect/process-load';

const MIB = 1024 ** 2;
const LIMITS: LoadLimits = { memoryBytes: 100 * MIB, cpuCores: 0.95, filesShare: 0.8, forMs: 30_000 };

/** One look every 5 s; `cores` is how much CPU was used since the one before. */
function play(
  looks: readonly { readonly mib?: number; readonly cores?: number; readonly open?: number }[],
): readonly LoadState[] {
  let state = NO_LOOK;
  let cpuMs = 0;
  return looks.map(({ mib = 10, cores = 0, open = 10 }, at) => {
    cpuMs += cores * 5_000;
    const use: ProcessUse = { memoryBytes: mib * MIB, cpuMs, files: { open, most: 1_000 } };
    return (state = judgeLoad(state, use, at * 5_000, LIMITS));
  });
}

const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);
const reasons = (states: readonly LoadState[]) => states.map(({ reason }) => reason);

describe('the load of a process', () => {
  it('is too much when every look for the time says so, and not before', () => {
    const states = play(times(7, { mib: 120 }));
    expect(reasons(states)).toEqual([
      ...times(6, undefined),
      'its process uses 120 MiB of memory, the limit is 100 MiB',
    ]);
  });

  it('is not too much when one look lies below the limit', () => {
    const looks = [...times(6, { mib: 120 }), { mib: 99 }, ...times(6, { mib: 120 })];
    expect(reasons(play(looks))).toEqual(times(13, undefined));
  });

  it('is taken back only when it is well below for as long', () => {
    const near = play([...times(7, { mib: 120 }), ...times(20, { mib: 95 })]);
    expect(near.at(-1)?.reason).toBe('its process uses 95 MiB of memory, the limit is 100 MiB');
    const below = play([...times(7, { mib: 120 }), ...times(7, { mib: 80 })]);
    expect(below.slice(6).map(({ reason }) => reason !== undefined)).toEqual([...times(7, true), false]);
  });

  it('counts CPU in cores between two looks, and open files by their limit', () => {
    expect(play(times(3, { cores: 2.5 })).map(({ cpuCores }) => cpuCores)).toEqual([undefined, 2.5, 2.5]);
    expect(play(times(8, { cores: 1, open: 900 })).at(-1)?.reason).toBe(
      'its process uses 1.00 cores of CPU, the limit is 0.95, and 900 open files of 1000',
    );
  });

  it('knows no CPU figure when a process has taken its time with it', () => {
    const first = judgeLoad(NO_LOOK, { memoryBytes: 1, cpuMs: 9_000 }, 0, LIMITS);
    expect(judgeLoad(first, { memoryBytes: 1, cpuMs: 100 }, 5_000, LIMITS).cpuCores).toBeUndefined();
  });

  it('never warns without a limit', () => {
    const look = fc.record({ memoryBytes: fc.nat(), cpuMs: fc.nat() });
    fc.assert(
      fc.property(fc.array(look), (looks) => {
        let state = NO_LOOK;
        looks.forEach((use, at) => (state = judgeLoad(state, use, at * 1_000, { forMs: 0 })));
        expect(state.reason).toBeUndefined();
      }),
    );
  });

  it('changes its mind at most once in the time, whatever it sees', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 50, max: 150 }), { maxLength: 100 }), (sizes) => {
        const changes = reasons(play(sizes.map((mib) => ({ mib })))).flatMap((reason, at, all) =>
          (reason === undefined) === (all[at - 1] === undefined) ? [] : [at * 5_000],
        );
        const gaps = changes.slice(1).map((atMs, at) => atMs - (changes[at] ?? 0));
        expect(gaps.every((gap) => gap > LIMITS.forMs)).toBe(true);
      }),
    );
  });
});
