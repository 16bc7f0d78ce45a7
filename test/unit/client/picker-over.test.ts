import { Metadata } from '@grpc/grpc-js';
import { ArrivalsFirst } from '../../../client/arrivals-first';
import { CallMonitor } from '../../../client/call-monitor';
import { CallTrace } from '../../../client/call-trace';
import type { ChannelContext } from '../../../client/channel-context';
import type { EndpointConnection } from '../../../client/endpoint-connection';
import type { Judged } from '../../../client/endpoint-set';
import { parseClientOptions } from '../../../client/options';
import type { EndpointPicker } from '../../../client/picker';
import { pickerOver } from '../../../client/picker-over';
import type { TierDecision } from '../../../core/decide/failover';
import type { Fitness } from '../../../core/detect/fitness';
import type { Health } from '../../../core/domain/health';
import { SAFE } from '../../support/repeatable-scene';
import { VirtualClock } from '../../support/virtual-clock';

const clock = new VirtualClock();
const context = {
  ...{ options: parseClientOptions({}), clock, rng: () => 0 },
  budget: { mayRepeat: () => true },
} as unknown as ChannelContext;

function endpoint(
  id: string,
  fitness: Fitness,
  standing: 'in' | 'probation',
  health: Health = 'passing',
  trouble: { readonly doubtful?: boolean; readonly isDown?: boolean } = {},
): Judged {
  const vitals = {
    standing: { phase: standing },
    takeTrial: () => standing === 'probation',
    doubtful: trouble.doubtful ?? false,
    callsUnderWay: 0,
    latencyAt: () => null,
    attemptStarted: () => undefined,
    attemptEnded: () => undefined,
    lastSilenceEndedMs: -Infinity,
  };
  const entry = { id, tier: 0, weight: 1, meta: {}, health };
  const connection = {
    vitals,
    entry,
    subchannel: { picked: { subchannel: { id } } },
    isDown: trouble.isDown ?? false,
    load: { weightAt: () => null, any: false, attemptEnded: () => undefined },
  };
  return {
    endpoint: connection as unknown as EndpointConnection,
    candidate: { id, tier: 0, fitness, reason: '' },
    sinceMs: 0,
    presence: { state: 'in', sinceMs: 0 },
  };
}

function pickerOf(judged: readonly Judged[]): EndpointPicker | undefined {
  const decision = { level: 'fit', state: { activeTier: 0, leaving: null } } as unknown as TierDecision;
  const memory = { nextTurn: 0, arrivals: new ArrivalsFirst(() => undefined) };
  return pickerOver(judged, decision, context, memory, clock.nowMs())?.picker;
}

function safeCall(): CallTrace {
  return new CallTrace('/a.B/C', SAFE, new CallMonitor(clock), clock);
}

const picked = (...judged: readonly Judged[]): unknown =>
  pickerOf(judged)?.pick({ metadata: new Metadata(), extraPickInfo: safeCall() as never }).subchannel;

/** Where a new safe call goes. */
const pickedBeside = (suspect: Judged): unknown => picked(endpoint('good', 'fit', 'in'), suspect);

describe('a trial of an endpoint whose calls failed', () => {
  it('is made with one call when nothing else speaks against it', () => {
    expect(pickedBeside(endpoint('tried', 'last-resort', 'probation'))).toEqual({ id: 'tried' });
  });

  it.each([
    ['its connection is gone', endpoint('tried', 'unfit', 'probation')],
    ['it is silent or says NOT_SERVING', endpoint('tried', 'desperate', 'probation')],
    ['the catalog says that it is ill', endpoint('tried', 'last-resort', 'probation', 'critical')],
  ])('is not made while %s', (_why, suspect) => {
    expect(pickedBeside(suspect)).toEqual({ id: 'good' });
  });
});

describe('a safe call keeps away from endpoints that are in doubt or down', () => {
  const doubted = (id: string): Judged => endpoint(id, 'fit', 'in', 'passing', { doubtful: true });
  const down = (id: string): Judged => endpoint(id, 'fit', 'in', 'passing', { isDown: true });
  const well = endpoint('well', 'fit', 'in');

  it('when it is new', () => {
    expect(picked(doubted('one'), doubted('two'), down('three'), well)).toEqual({ id: 'well' });
  });

  it('when it is sent a second time', () => {
    const suspects = [doubted('one'), doubted('two'), down('three')];
    const call = safeCall();
    call.attemptOn(suspects[0]?.endpoint as never, null as never);
    expect(pickerOf([...suspects, well])?.pickElsewhere(call)?.endpoint).toBe(well.endpoint);
  });

  it('while there are others: a doubted one is better than none', () => {
    expect(picked(doubted('one'), doubted('two'))).toEqual({ id: 'one' });
  });
});
