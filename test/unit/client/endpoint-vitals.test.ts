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
