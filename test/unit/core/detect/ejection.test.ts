import fc from 'fast-check';
import {
  ejectionWakeMs,
  NOT_EJECTED,
  observeCall,
  passTime,
  type EjectionState,
} from '../../../../core/detect/ejection';

const OPTIONS = { failures: 3, baseMs: 1_000, maxMs: 8_000, trials: 3 };

function after(calls: string, from: EjectionState = NOT_EJECTED, nowMs = 0): EjectionState {
  return Array.from(calls).reduce((state, call) => observeCall(state, call === '.', nowMs, OPTIONS), from);
}

describe('ejection', () => {
  it('needs failures in a row', () => {
    expect(after('xx.xx.xx.').phase).toBe('in');
    expect(after('xxx')).toEqual({ phase: 'ejected', untilMs: 1_000, ejections: 1 });
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
  });

  it('always ends by time alone', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 50 }), (calls) => {
        let state = calls.reduce<EjectionState>((one, ok) => observeCall(one, ok, 0, OPTIONS), NOT_EJECTED);
        for (let wakes = 0; wakes < 2; wakes += 1)
          state = passTime(state, ejectionWakeMs(state, OPTIONS) ?? 0, OPTIONS);
        expect(state.phase).toBe('in');
      }),
    );
  });
});
