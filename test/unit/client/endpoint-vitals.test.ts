import { status } from '@grpc/grpc-js';
import { EndpointVitals } from '../../../client/endpoint-vitals';
import { parseClientOptions, vitalsOptions } from '../../../client/options';
import { StandingClock } from '../../support/standing-clock';
import { VirtualClock } from '../../support/virtual-clock';

it('the answer to a heartbeat is no news, so that many endpoints do not make all of them be judged all the time', () => {
  const clock = new VirtualClock();
  let changes = 0;
  let lives = 0;
  const vitals = new EndpointVitals({
    clock,
    options: vitalsOptions(parseClientOptions({})),
    sendHeartbeat: (answered) => void clock.after(1, answered),
    onChange: () => (changes += 1),
    onLife: () => (lives += 1),
    onDoubt: () => undefined,
  });
  vitals.connected();
  clock.advance(60_000);
  expect(lives).toBeGreaterThan(50);
  expect(changes).toBe(0);
  vitals.disconnected();
});

it.each([
  ['stood still itself', true],
  ['waited for the server', false],
])('after a heartbeat that took long while this side %s, later silence is found at once: %s', (_how, own) => {
  const clock = new StandingClock();
  let answersAfterMs: number | null = 2;
  let pauseMs = 0;
  const vitals = new EndpointVitals({
    clock,
    options: vitalsOptions(parseClientOptions({})),
    sendHeartbeat: (answered) => {
      if (answersAfterMs === null) return;
      const isSlow = pauseMs > 0;
      if (isSlow && own) clock.standStill(pauseMs);
      clock.read(isSlow && !own ? pauseMs : answersAfterMs, answered);
      pauseMs = 0;
    },
    onChange: () => undefined,
    onLife: () => undefined,
    onDoubt: () => undefined,
  });
  vitals.connected();
  clock.advance(20_500);
  pauseMs = 700;
  clock.advance(3_000);
  answersAfterMs = null;
  vitals.attemptStarted(clock.nowMs());
  clock.advance(300);
  expect(vitals.silentWhy !== null).toBe(own);
  vitals.disconnected();
  expect(clock.pendingTimers()).toBe(0);
});

/** An endpoint whose heartbeats the test answers, or not. */
function patient(): {
  vitals: EndpointVitals;
  clock: VirtualClock;
  heartbeats: (() => void)[];
  doubts: () => number;
} {
  const clock = new VirtualClock();
  const heartbeats: (() => void)[] = [];
  let doubts = 0;
  const vitals = new EndpointVitals({
    clock,
    options: vitalsOptions(parseClientOptions({})),
    sendHeartbeat: (answered) => heartbeats.push(answered),
    onChange: () => undefined,
    onLife: () => undefined,
    onDoubt: () => (doubts += 1),
  });
  vitals.connected();
  // The first one warms up, the second measures.
  for (const at of [0, 1]) {
    clock.advance(1);
    heartbeats[at]?.();
  }
  return { vitals, clock, heartbeats, doubts: () => doubts };
}

it('one that falls silent without any call has the others asked, to compare', () => {
  const { vitals, clock, doubts } = patient();
  clock.advance(1_050);
  expect({ silent: vitals.silentWhy, doubts: doubts() }).toEqual({ silent: null, doubts: 0 });
  clock.advance(100);
  expect({ silent: vitals.silentWhy !== null, doubts: doubts() }).toEqual({ silent: true, doubts: 1 });
  vitals.disconnected();
});

it('one that hangs under steady calls is found silent as soon as its heartbeat is late', () => {
  const { vitals, clock } = patient();
  const { quietMs, heartbeatMinTimeoutMs } = parseClientOptions({});
  const hungMs = clock.nowMs();
  while (vitals.silentWhy === null && clock.nowMs() < hungMs + 1_000) {
    vitals.attemptStarted(clock.nowMs());
    clock.advance(4);
  }
  expect(clock.nowMs() - hungMs).toBeLessThanOrEqual(quietMs + heartbeatMinTimeoutMs + 8);
});

it('calls that their deadlines ended while a heartbeat was out are no word against it', () => {
  const { vitals, clock, heartbeats } = patient();
  for (let call = 0; call < 10; call += 1) {
    const on = vitals.attemptStarted(clock.nowMs());
    const asked = heartbeats.length;
    clock.advance(40);
    expect(heartbeats).toHaveLength(asked + 1);
    vitals.attemptEnded(on, status.DEADLINE_EXCEEDED, true, 300, 'late', clock.nowMs());
    heartbeats.at(-1)?.();
    clock.advance(200);
  }
  expect(vitals.standing.phase).toBe('in');
  vitals.disconnected();
});

it('what ends on an earlier connection says nothing of this one', () => {
  const { vitals, clock, heartbeats } = patient();
  const old = Array.from({ length: 20 }, () => vitals.attemptStarted(clock.nowMs()));
  vitals.connected();
  heartbeats.at(-1)?.();
  clock.advance(1);
  heartbeats.at(-1)?.();
  const on = vitals.attemptStarted(clock.nowMs());
  for (const one of old) {
    clock.advance(20);
    vitals.attemptEnded(one, status.OK, true, 5, 'prompt', clock.nowMs());
  }
  expect(vitals.silentWhy).not.toBeNull();
  expect(vitals.callsUnderWay).toBe(1);
  vitals.attemptEnded(on, status.OK, true, 5, 'prompt', clock.nowMs());
  expect(vitals.silentWhy).toBeNull();
  vitals.disconnected();
});

describe('in probation', () => {
  /** @returns one whose heartbeats are always answered, thrown out for `outruns` or `failures`, after its time */
  function onProbation(how: 'slow' | 'failing'): { vitals: EndpointVitals; clock: VirtualClock } {
    const clock = new VirtualClock();
    const options = vitalsOptions(parseClientOptions({}));
    const vitals = new EndpointVitals({
      clock,
      options,
      sendHeartbeat: (answered) => void clock.after(1, answered),
      onChange: () => undefined,
      onLife: () => undefined,
      onDoubt: () => undefined,
    });
    vitals.connected();
    for (let call = 0; vitals.standing.phase === 'in'; call += 1) {
      clock.advance(options.ejection.slowAfterMs / 10);
      if (how === 'slow') vitals.outrun(clock.nowMs());
      else
        vitals.attemptEnded(
          vitals.attemptStarted(clock.nowMs()),
          status.UNAVAILABLE,
          true,
          1,
          'unknown',
          clock.nowMs(),
        );
    }
    clock.advance(options.ejection.baseMs);
    expect(vitals.standing.phase).toBe('probation');
    return { vitals, clock };
  }

  it('a call whose usual time nobody knows is no trial of one that was slow, and takes no place of one that is', () => {
    const { vitals } = onProbation('slow');
    expect([vitals.takeTrial(false), vitals.takeTrial(true), vitals.takeTrial(true)]).toEqual([false, true, false]);
    vitals.disconnected();
  });

  it('any call is a trial of one whose calls failed', () => {
    const { vitals } = onProbation('failing');
    expect([vitals.takeTrial(false), vitals.takeTrial(true)]).toEqual([true, false]);
    vitals.disconnected();
  });

  it('a trial that was taken and never made keeps others away for a second at most', () => {
    const { vitals, clock } = onProbation('failing');
    expect(vitals.takeTrial(true)).toBe(true);
    clock.advance(999);
    expect(vitals.takeTrial(true)).toBe(false);
    clock.advance(1);
    expect(vitals.takeTrial(true)).toBe(true);
    vitals.attemptStarted(clock.nowMs());
    clock.advance(500);
    expect(vitals.takeTrial(true)).toBe(false);
    vitals.disconnected();
  });
});
