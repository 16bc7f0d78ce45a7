import fc from 'fast-check';
import {
  attemptEnded,
  attemptSent,
  considerSilence,
  heartbeatAnswered,
  heartbeatTimeoutMs,
  quietLimitMs,
  startSilence,
  type SilenceState,
  type SilenceStep,
} from '../../../../core/detect/silence';

const OPTIONS = { quietMs: 30, idleMs: 1_000, minTimeoutMs: 60, maxTimeoutMs: 1_000, ownLatenessMs: 25 };

/** A connection whose round trip has been measured. */
function measured(): SilenceState {
  const asked = considerSilence(startSilence(0), 1_000, OPTIONS);
  return heartbeatAnswered(asked.state, 1_002);
}

const look = (state: SilenceState, nowMs: number): SilenceStep => considerSilence(state, nowMs, OPTIONS);

describe('silence', () => {
  it('is no silence while calls are answered', () => {
    let state = measured();
    for (let ms = 1_010; ms < 5_000; ms += 10) {
      state = attemptEnded(attemptSent(state, ms), true, ms + 5);
      const step = look(state, ms + 5);
      expect(step.sendHeartbeat).toBe(false);
    }
  });

  it('asks for a heartbeat when a call waits longer than usual, and counts as silent when that is late as well', () => {
    const waiting = attemptSent(measured(), 1_010);
    expect(look(waiting, 1_039)).toMatchObject({ sendHeartbeat: false, wakeAtMs: 1_040 });
    const asked = look(waiting, 1_040);
    expect(asked).toMatchObject({ sendHeartbeat: true, wakeAtMs: 1_100 });
    expect(look(asked.state, 1_099).state.silent).toBe(false);
    const late = look(asked.state, 1_100);
    expect(late.state.silent).toBe(true);
    expect(late.reason).toBe('silent for 98 ms with 1 calls waiting; a heartbeat has been unanswered for 60 ms');
  });

  it('takes the longest quiet time that it came back from lately as its standard', () => {
    const slow = attemptEnded(attemptSent(measured(), 1_010), true, 1_210);
    const asked = look(attemptSent(slow, 1_300), 1_500);
    expect(look(attemptSent(slow, 1_300), 1_499)).toMatchObject({ sendHeartbeat: false, wakeAtMs: 1_500 });
    expect(asked).toMatchObject({ sendHeartbeat: true, wakeAtMs: 1_700 });
  });

  it('forgets a quiet time after a while', () => {
    let state = attemptEnded(attemptSent(measured(), 1_010), true, 1_210);
    for (const nowMs of [12_000, 22_000]) state = attemptEnded(attemptSent(state, nowMs), true, nowMs + 2);
    expect(quietLimitMs(state, OPTIONS)).toBe(30);
  });

  it('does not ask after a call that its own caller took back', () => {
    const state = attemptEnded(attemptSent(measured(), 1_010), false, 1_020);
    expect(look(state, 1_060).sendHeartbeat).toBe(false);
  });

  it('asks an idle connection now and then', () => {
    expect(look(measured(), 2_001).sendHeartbeat).toBe(false);
    expect(look(measured(), 2_002).sendHeartbeat).toBe(true);
  });

  it('ends with any sign of life', () => {
    const silent = look(look(attemptSent(measured(), 1_010), 1_040).state, 1_100).state;
    expect(attemptEnded(silent, true, 1_200)).toMatchObject({ silent: false, heartbeat: null });
    expect(heartbeatAnswered(silent, 1_200)).toMatchObject({ silent: false, heartbeat: null });
  });

  it('gives the time once more, twice at most, when its own timer was late', () => {
    let step = look(attemptSent(measured(), 1_010), 1_040);
    step = look(step.state, 1_600);
    expect(step).toMatchObject({ state: { silent: false }, wakeAtMs: 1_660 });
    step = look(step.state, 2_200);
    expect(step.state.silent).toBe(false);
    step = look(step.state, 2_800);
    expect(step.state.silent).toBe(true);
  });

  it('allows a heartbeat what its round trips need, within bounds', () => {
    const after = (tripMs: number, times: number): SilenceState => {
      let state = startSilence(0);
      for (let nowMs = 1_000, time = 0; time < times; time += 1, nowMs += 5_000) {
        state = heartbeatAnswered(look(state, nowMs).state, nowMs + tripMs);
      }
      return state;
    };
    expect(heartbeatTimeoutMs(startSilence(0), OPTIONS)).toBe(1_000);
    expect(heartbeatTimeoutMs(after(1, 20), OPTIONS)).toBe(60);
    expect(heartbeatTimeoutMs(after(150, 1), OPTIONS)).toBe(450);
    expect(heartbeatTimeoutMs(after(150, 40), OPTIONS)).toBeCloseTo(150, 0);
  });

  it('never accuses who answers within the time allowed, whatever the traffic', () => {
    const gap = fc.nat(400);
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, fc.boolean(), fc.nat(50)), { maxLength: 80 }), (traffic) => {
        let state = measured();
        let nowMs = 1_010;
        for (const [waitMs, call, tripMs] of traffic) {
          nowMs += waitMs;
          const step = look(call ? attemptSent(state, nowMs) : state, nowMs);
          state = step.state;
          expect(state.silent).toBe(false);
          if (step.sendHeartbeat) state = heartbeatAnswered(state, (nowMs += tripMs));
          if (call) state = attemptEnded(state, true, (nowMs += tripMs));
        }
      }),
    );
  });
});
