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

/** A connection whose round trip has been measured: 2 ms, after a first one that does not count. */
function measured(): SilenceState {
  const asked = considerSilence(startSilence(0), 1_000, OPTIONS);
  const again = considerSilence(heartbeatAnswered(asked.state, 1_000, 1_000, OPTIONS), 1_000, OPTIONS);
  return heartbeatAnswered(again.state, 1_000, 1_002, OPTIONS);
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
    expect(look(asked.state, 1_099)).toMatchObject({ state: { silent: false }, wakeAtMs: 1_100 });
    const late = look(asked.state, 1_100);
    expect(late.state.silent).toBe(true);
    expect(late.reason).toBe('silent for 98 ms with 1 calls waiting; a heartbeat has been unanswered for 60 ms');
  });

  it('learns how long calls usually wait, and asks only after that', () => {
    let state = measured();
    let heartbeats = 0;
    let nowMs = 1_010;
    for (let call = 0; call < 300; call += 1) {
      state = attemptSent(state, nowMs);
      for (const endMs = nowMs + 200; nowMs < endMs; nowMs += 10) {
        const step = look(state, nowMs);
        if (step.sendHeartbeat) heartbeats += 1;
        state = step.sendHeartbeat ? heartbeatAnswered(step.state, nowMs, nowMs, OPTIONS) : step.state;
      }
      state = attemptEnded(state, true, nowMs);
    }
    expect(quietLimitMs(state, OPTIONS)).toBeGreaterThan(190);
    // In the beginning only: a heartbeat or two for each call, until a dozen calls have shown what is usual.
    expect(heartbeats).toBeLessThan(60);
  });

  it('waits longer for each further heartbeat while one call waits and all of them are answered', () => {
    let state = attemptSent(measured(), 1_010);
    const askedAt: number[] = [];
    for (let nowMs = 1_010; nowMs < 6_000; nowMs += 10) {
      const step = look(state, nowMs);
      if (step.sendHeartbeat) askedAt.push(nowMs - 1_010);
      state = step.sendHeartbeat ? heartbeatAnswered(step.state, nowMs, nowMs, OPTIONS) : step.state;
    }
    expect(askedAt).toEqual([30, 60, 120, 240, 480, 960, 1_920, 2_920, 3_920, 4_920]);
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
    expect(heartbeatAnswered(silent, 1_040, 1_200, OPTIONS)).toMatchObject({ silent: false, heartbeat: null });
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

  it('gives little more than it was late, where heartbeats have taken long before', () => {
    const slow = heartbeatAnswered(look(measured(), 7_000).state, 7_000, 7_900, OPTIONS);
    let step = look(attemptSent(slow, 8_000), 9_000);
    expect(step.wakeAtMs).toBe(10_000);
    step = look(step.state, 10_030);
    expect(step).toMatchObject({ state: { silent: false }, wakeAtMs: 10_030 + 2 * 60 + 30 });
    step = look(step.state, 11_600);
    expect(step).toMatchObject({ state: { silent: false }, wakeAtMs: 12_600 });
  });

  it('allows a heartbeat what its round trips need, within bounds', () => {
    const after = (...tripsMs: readonly number[]): SilenceState => {
      let state = measured();
      let nowMs = 2_000;
      for (const tripMs of tripsMs) {
        nowMs += 5_000;
        state = heartbeatAnswered(look(state, nowMs).state, nowMs, nowMs + tripMs, OPTIONS);
      }
      return state;
    };
    expect(heartbeatTimeoutMs(startSilence(0), OPTIONS)).toBe(1_000);
    expect(heartbeatTimeoutMs(measured(), OPTIONS)).toBe(60);
    expect(heartbeatTimeoutMs(after(1, 1, 1), OPTIONS)).toBe(60);
    expect(heartbeatTimeoutMs(after(150), OPTIONS)).toBe(300);
    expect(heartbeatTimeoutMs(after(900), OPTIONS)).toBe(1_000);
    // A slow one counts double for 10 to 20 s.
    expect(heartbeatTimeoutMs(after(200, 1, 1), OPTIONS)).toBe(400);
    expect(heartbeatTimeoutMs(after(200, ...Array<number>(20).fill(1)), OPTIONS)).toBe(60);
  });

  it('does not take an outage as a measure, so that the next one is noticed as soon', () => {
    const asked = look(attemptSent(measured(), 1_010), 1_040).state;
    const back = heartbeatAnswered(look(asked, 1_100).state, 1_040, 6_000, OPTIONS);
    expect(back.silent).toBe(false);
    expect(heartbeatTimeoutMs(back, OPTIONS)).toBe(60);
  });

  it('does not take the first heartbeat of a connection, which warms it up, as a measure', () => {
    const asked = look(startSilence(0), 1_000);
    const warm = heartbeatAnswered(asked.state, 1_000, 1_400, OPTIONS);
    expect(heartbeatTimeoutMs(warm, OPTIONS)).toBe(1_000);
    expect(look(warm, 1_400).sendHeartbeat).toBe(true);
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
          if (step.sendHeartbeat) state = heartbeatAnswered(state, nowMs, (nowMs += tripMs), OPTIONS);
          if (call) state = attemptEnded(state, true, (nowMs += tripMs));
        }
      }),
    );
  });
});
