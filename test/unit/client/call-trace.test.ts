import { Metadata, status } from '@grpc/grpc-js';
import { CallMonitor } from '../../../client/call-monitor';
import { CallTrace } from '../../../client/call-trace';
import type { EndpointConnection } from '../../../client/endpoint-connection';
import { EndpointVitals } from '../../../client/endpoint-vitals';
import { parseClientOptions, vitalsOptions } from '../../../client/options';
import { SAFE } from '../../support/repeatable-scene';
import { VirtualClock } from '../../support/virtual-clock';

const METHOD = '/test.Shop/Read';

function scene(): { vitals: EndpointVitals; clock: VirtualClock; monitor: CallMonitor; call: () => () => void } {
  const clock = new VirtualClock();
  const monitor = new CallMonitor(clock);
  const vitals = new EndpointVitals({
    clock,
    options: vitalsOptions(parseClientOptions({})),
    sendHeartbeat: () => undefined,
    onChange: () => undefined,
    onLife: () => undefined,
    onDoubt: () => undefined,
  });
  // All that a call asks of an endpoint.
  const endpoint = { vitals, load: { attemptEnded: () => undefined }, entry: { id: 'a' }, isDown: false };
  const call = (): (() => void) => {
    const trace = new CallTrace(METHOD, SAFE, monitor, clock);
    const attempt = trace.attemptOn(endpoint as unknown as EndpointConnection, null as never);
    trace.attemptStarted(attempt);
    return () => trace.attemptEnded(attempt, status.OK, '', new Metadata());
  };
  vitals.connected();
  return { vitals, clock, monitor, call };
}

it('an attempt that is answered in time measures its method', () => {
  const { vitals, clock, monitor, call } = scene();
  const answer = call();
  clock.advance(7);
  answer();
  expect(monitor.usualAttemptMs(METHOD)).toBe(7);
  vitals.disconnected();
});

it('attempts that outlived a silence of their server measure the outage, and make no later one wait longer', () => {
  const { vitals, clock, monitor, call } = scene();
  const [one, other] = [call(), call()];
  clock.advance(2_500);
  expect(vitals.silentWhy).not.toBeNull();
  one();
  other();
  expect(vitals.silentWhy).toBeNull();
  expect(monitor.usualAttemptMs(METHOD)).toBeNull();
  vitals.disconnected();
});

it('nor do those that are answered on a connection that was given up for its silence', () => {
  const { vitals, clock, monitor, call } = scene();
  const answer = call();
  clock.advance(2_500);
  vitals.disconnected();
  clock.advance(100);
  vitals.connected();
  answer();
  expect(monitor.usualAttemptMs(METHOD)).toBeNull();
  vitals.disconnected();
});
