import { EndpointVitals } from '../../../client/endpoint-vitals';
import { parseClientOptions, vitalsOptions } from '../../../client/options';
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
