import { Metadata } from '@grpc/grpc-js';
import { CallMonitor } from '../../../client/call-monitor';
import { CallTrace } from '../../../client/call-trace';
import type { ChannelContext } from '../../../client/channel-context';
import type { EndpointConnection } from '../../../client/endpoint-connection';
import type { Judged } from '../../../client/endpoint-set';
import { parseClientOptions } from '../../../client/options';
import { pickerOver } from '../../../client/picker-over';
import type { TierDecision } from '../../../core/decide/failover';
import type { Fitness } from '../../../core/detect/fitness';
import type { Health } from '../../../core/domain/health';
import { VirtualClock } from '../../support/virtual-clock';

const clock = new VirtualClock();
const context = {
  ...{ options: parseClientOptions({}), clock, rng: () => 0 },
  budget: { mayRepeat: () => true },
} as unknown as ChannelContext;

function endpoint(id: string, fitness: Fitness, standing: 'in' | 'probation', health: Health = 'passing'): Judged {
  const vitals = {
    standing: { phase: standing },
    takeTrial: () => standing === 'probation',
    doubtful: false,
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
    subchannel: { id },
    load: { weightAt: () => null, any: false, attemptEnded: () => undefined },
  };
  return {
    endpoint: connection as unknown as EndpointConnection,
    candidate: { id, tier: 0, fitness, reason: '' },
    sinceMs: 0,
    presence: { state: 'in', sinceMs: 0 },
  };
}

/** Where a new safe call goes. */
function pickedBeside(suspect: Judged): unknown {
  const decision = { level: 'fit', state: { activeTier: 0 } } as unknown as TierDecision;
  const over = pickerOver([endpoint('good', 'fit', 'in'), suspect], decision, context, { next: 0 }, clock.nowMs());
  const method = {
    shape: 'unary',
    held: true,
    repeatable: true,
    hedged: false,
    usualMs: null,
    lateAfterMs: 100,
    maxAttempts: 4,
  } as const;
  const trace = new CallTrace('/a.B/C', method, new CallMonitor(clock), clock);
  return over?.picker.pick({ metadata: new Metadata(), extraPickInfo: trace as never }).subchannel;
}

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
