import fc from 'fast-check';
import {
  ejectionWakeMs,
  NOT_EJECTED,
  observeCall,
  passTime,
  type CallEnd,
  type EjectionState,
} from '../../../../core/detect/ejection';

const OPTIONS = { failures: 3, outruns: 5, slowAfterMs: 1_000, baseMs: 1_000, maxMs: 8_000, trials: 3 };

const ENDS: Readonly<Record<string, CallEnd>> = {
  '.': 'prompt',
  '~': 'good',
  o: 'outrun',
  u: 'unanswered',
  x: 'failed',
};

/** Each call ends `everyMs` after the one before. */
function after(calls: string, from: EjectionState = NOT_EJECTED, nowMs = 0, everyMs = 0): EjectionState {
  return Array.from(calls).reduce(
    (state, call, place) => observeCall(state, ENDS[call] ?? 'failed', nowMs + place * everyMs, OPTIONS),
    from,
  );
}

describe('ejection', () => {
  it('needs failures in a row', () => {
    expect(after('xx.xx.xx.').phase).toBe('in');
    expect(after('xxx')).toMatchObject({ phase: 'ejected', untilMs: 1_000, ejections: 1 });
    expect(after('x~x~xx~').phase).toBe('in');
  });

  it('needs others to outrun it five times in a row, over a second', () => {
    expect(after('ooooo', NOT_EJECTED, 0, 249).phase).toBe('in');
    expect(after('oooo', NOT_EJECTED, 0, 1_000).phase).toBe('in');
    expect(after('oooo.oooo', NOT_EJECTED, 0, 1_000).phase).toBe('in');
    expect(after('oo~~ooo', NOT_EJECTED, 0, 250)).toMatchObject({
      phase: 'ejected',
      cause: {
        slow: true,
        text: 'it is slow: its last 5 calls, over 1500 ms, took so long that others, asked later, answered first',
      },
    });
  });

  it('needs as much of calls that nobody answered before their deadlines', () => {
    expect(after('uuuuu', NOT_EJECTED, 0, 249).phase).toBe('in');
    for (const answered of '.~x') expect(after(`uuuu${answered}uuuu`, NOT_EJECTED, 0, 1_000).phase).toBe('in');
    expect(after('uuouuu', NOT_EJECTED, 0, 250)).toMatchObject({
      phase: 'ejected',
      cause: { text: 'it is slow: its last 5 calls, over 1250 ms, took so long that their deadlines came first' },
    });
  });

  it('takes it back only when it is prompt again, if it was slow', () => {
    const slow = passTime(after('ooooo', NOT_EJECTED, 0, 250), 2_000, OPTIONS);
    expect(slow.phase).toBe('probation');
    expect(after('~~~~~', slow, 2_000).phase).toBe('probation');
    expect(after('.~..', slow, 2_000)).toEqual(NOT_EJECTED);
    expect(after('o.o', slow, 2_000)).toMatchObject({ phase: 'ejected', untilMs: 4_000 });
    expect(after('u.u', slow, 2_000)).toMatchObject({ phase: 'ejected', untilMs: 4_000 });
  });

  it('forgives one late trial of it, which meets cold caches after each pause: else it might never come back', () => {
    const slow = passTime(after('ooooo', NOT_EJECTED, 0, 250), 2_000, OPTIONS);
    expect(after('o..', slow, 2_000).phase).toBe('probation');
    for (const end of 'ou') expect(after(`${end}...`, slow, 2_000)).toEqual(NOT_EJECTED);
    expect(after('..o..', slow, 2_000).phase).toBe('probation');
    expect(after('x', slow, 2_000).phase).toBe('ejected');
    const again = passTime(after('oo', slow, 2_000), 4_000, OPTIONS);
    expect(after('o...', again, 4_000)).toEqual(NOT_EJECTED);
  });

  it('is not changed by calls that were already under way', () => {
    expect(after('...', after('xxx')).phase).toBe('ejected');
  });

  it('ends in probation, and three good trials end that', () => {
    const trial = passTime(after('xxx'), 1_000, OPTIONS);
    expect(trial.phase).toBe('probation');
    expect(after('..', trial).phase).toBe('probation');
    expect(after('...', trial)).toEqual(NOT_EJECTED);
  });

  it('lasts twice as long after a failed trial, up to its bound', () => {
    let state: EjectionState = NOT_EJECTED;
    const lasted: number[] = [];
    for (let nowMs = 0, time = 0; time < 5; time += 1) {
      state = after(time === 0 ? 'xxx' : 'x', state, nowMs);
      const untilMs = ejectionWakeMs(state, OPTIONS) ?? 0;
      lasted.push(untilMs - nowMs);
      nowMs = untilMs;
      state = passTime(state, nowMs, OPTIONS);
    }
    expect(lasted).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
  });

  it('forgives an endpoint that nobody tried, but not the next failure', () => {
    const trial = passTime(after('xxx'), 1_000, OPTIONS);
    const back = passTime(trial, 3_000, OPTIONS);
    expect(back.phase).toBe('in');
    expect(after('x', back).phase).toBe('ejected');
    const slow = passTime(passTime(after('ooooo', NOT_EJECTED, 0, 250), 2_000, OPTIONS), 4_000, OPTIONS);
    expect(slow.phase).toBe('in');
    expect(after('.', slow, 4_000)).toMatchObject({ phase: 'in', outrun: null, unanswered: null });
    expect(after('o', slow, 4_000).phase).toBe('ejected');
  });

  it('always ends by time alone', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(ENDS)), { maxLength: 50 }), fc.nat(500), (calls, everyMs) => {
        let state = after(calls.join(''), NOT_EJECTED, 0, everyMs);
        for (let wakes = 0; wakes < 2; wakes += 1)
          state = passTime(state, ejectionWakeMs(state, OPTIONS) ?? 0, OPTIONS);
        expect(state.phase).toBe('in');
      }),
    );
  });
});
