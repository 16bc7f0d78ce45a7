/**
 * Gives each call its configuration: repeatable methods get a hedging policy, all others none. It stands in the config
 * selector, below every interceptor, so that a user's own interceptors cannot switch it off by accident.
 *
 * grpc-js's hedging does both jobs: an attempt that fails is followed by the next at once, and one that is late is
 * joined by a second. Where an attempt goes, and whether the budget allows it, is the picker's affair. A call that is
 * not repeatable is still sent again by grpc-js itself when it provably reached no server: it was not started, or its
 * stream was refused (REFUSED_STREAM, or above the last stream id of a GOAWAY).
 */
import { status, type ServiceConfig } from '@grpc/grpc-js';
import { hedgeDelayMs, type HedgeOptions } from '../core/decide/hedge';
import type { Clock } from '../core/time/clock';
import { CallIdFilter } from './call-id';
import { CallTrace, type TracedMethod } from './call-trace';
import type { CallMonitor } from './call-monitor';
import type { ConfigSelector } from './grpc-experimental';
import { REPEATED_STATUSES, type MethodSafety } from './method-safety';
import type { RepeatBudget } from './repeat-budget';

/** Without hedging: the first repetition is all but immediate, since it goes elsewhere; later ones give a restart time. */
const BACKOFF = { initialBackoff: '0.002s', maxBackoff: '0.1s', backoffMultiplier: 4 };

type CallConfig = ReturnType<ConfigSelector['invoke']>;
type MethodConfig = ServiceConfig['methodConfig'][number];

export interface CallConfigParts {
  readonly safety: MethodSafety;
  readonly monitor: CallMonitor;
  readonly budget: RepeatBudget;
  readonly clock: Clock;
  readonly maxAttempts: number;
  readonly hedge: HedgeOptions;
  /** The user's own `grpc.service_config`: its timeouts and policies stay in force. */
  readonly userConfig: ServiceConfig | null;
}

interface Method extends TracedMethod {
  readonly base: MethodConfig;
  readonly needsCallId: boolean;
  lateAfterMs: number | null;
  /** The last policy made, which is good until an attempt is late at another time. */
  repeated: MethodConfig | null;
}

export class CallConfigSelector implements ConfigSelector {
  private readonly methods = new Map<string, Method>();

  constructor(private readonly parts: CallConfigParts) {}

  invoke(path: string): CallConfig {
    const { monitor, budget, clock } = this.parts;
    const method = this.methodOf(path);
    const trace = new CallTrace(path, method, monitor, clock);
    monitor.callStarted();
    budget.callStarted(trace.startedMs);
    return {
      methodConfig: method.repeatable ? this.repeated(path, method) : method.base,
      // Typed as text pairs, handed through untouched: the picker looks for a CallTrace.
      pickInformation: trace as unknown as CallConfig['pickInformation'],
      status: status.OK,
      dynamicFilterFactories: method.needsCallId ? [trace, { createFilter: () => new CallIdFilter(clock) }] : [trace],
    };
  }

  unref(): void {
    // Nothing is held per channel.
  }

  private methodOf(path: string): Method {
    const known = this.methods.get(path);
    if (known !== undefined) return known;
    const { safety, userConfig, maxAttempts } = this.parts;
    const base = matching(userConfig, path) ?? { name: [] };
    const userDecided = base.retryPolicy !== undefined || base.hedgingPolicy !== undefined;
    const repeatable = !userDecided && maxAttempts > 1 && safety.mayBeRepeated(path);
    const shape = safety.shapeOf(path);
    const streams = shape === 'server-stream' || shape === 'both-streams';
    const method = {
      base,
      repeatable,
      streams,
      needsCallId: safety.needsCallId(path),
      lateAfterMs: null,
      repeated: null,
    };
    this.methods.set(path, method);
    return method;
  }

  private repeated(path: string, method: Method): MethodConfig {
    const { monitor, hedge, maxAttempts } = this.parts;
    const delayMs = hedgeDelayMs(monitor.usualAttemptMs(path), hedge);
    if (method.repeated !== null && method.lateAfterMs === delayMs) return method.repeated;
    method.lateAfterMs = delayMs;
    method.repeated = { ...method.base, ...(delayMs === null ? retries(maxAttempts) : hedges(maxAttempts, delayMs)) };
    return method.repeated;
  }
}

function hedges(maxAttempts: number, delayMs: number): Pick<MethodConfig, 'hedgingPolicy'> {
  const hedgingDelay = `${delayMs / 1_000}s`;
  return { hedgingPolicy: { maxAttempts, hedgingDelay, nonFatalStatusCodes: [...REPEATED_STATUSES] } };
}

function retries(maxAttempts: number): Pick<MethodConfig, 'retryPolicy'> {
  return { retryPolicy: { ...BACKOFF, maxAttempts, retryableStatusCodes: [...REPEATED_STATUSES] } };
}

/** The most exact entry wins: method, then service, then default (grpc service config documentation). */
function matching(config: ServiceConfig | null, path: string): MethodConfig | undefined {
  const [, service = '', method = ''] = path.split('/');
  const find = (wanted: { service?: string; method?: string }): MethodConfig | undefined =>
    config?.methodConfig.find((entry) =>
      entry.name.some(
        (name) => (name.service ?? '') === (wanted.service ?? '') && (name.method ?? '') === (wanted.method ?? ''),
      ),
    );
  return find({ service, method }) ?? find({ service }) ?? find({});
}
