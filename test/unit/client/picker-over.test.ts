import { Metadata, status } from '@grpc/grpc-js';
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

/** @returns how one call picks, as often as it is asked */
function callOver(judged: readonly Judged[], lateAfterMs: number | null, again = (): void => undefined) {
  const decision = { level: 'fit', state: { activeTier: 0 } } as unknown as TierDecision;
  const over = pickerOver(judged, decision, context, { next: 0 }, clock.nowMs(), again);
  const monitor = new CallMonitor(clock);
  const trace = new CallTrace('/a.B/C', { repeatable: true, streams: false, lateAfterMs }, monitor, clock);
  return () => over?.picker.pick({ metadata: null as never, extraPickInfo: trace as never });
}

function pickedBeside(suspect: Judged): unknown {
  return callOver([endpoint('good', 'fit', 'in'), suspect], null)()?.subchannel;
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

describe('a hedge', () => {
  const LATE_MS = 10;
  const pair = [endpoint('asked', 'fit', 'in'), endpoint('other', 'fit', 'in')];

  it('waits until what had come before was read, for after a pause of our own every attempt looks late', () => {
    let offers = 0;
    const pick = callOver(pair, LATE_MS, () => (offers += 1));
    pick()?.onCallStarted?.();
    clock.advance(500);
    expect(pick()?.subchannel).toBeNull();
    expect(offers).toBe(0);
    clock.advance(1);
    expect(offers).toBe(1);
    expect(pick()?.subchannel).toEqual({ id: 'other' });
  });

  it('does not wait when the attempt before it has failed', () => {
    const pick = callOver(pair, LATE_MS);
    const first = pick();
    first?.onCallStarted?.();
    first?.onCallEnded?.(status.UNAVAILABLE, '', new Metadata());
    expect(pick()?.subchannel).toEqual({ id: 'other' });
  });
});
