/**
 * Gives each call its configuration: repeatable methods get grpc-js's retries, all others none. It stands in the config
 * selector, below every interceptor, so that a user's own interceptors cannot switch it off by accident.
 *
 * These retries are for calls that found nobody else to ask: they pause and pick anew. What can go to another endpoint at
 * once does so below them (client/repeatable-call). A call that is not repeatable is still sent again by grpc-js itself when
 * it provably reached no server: it was not started, or its stream was refused (REFUSED_STREAM, or above the last stream
 * id of a GOAWAY).
 */
import { status, type ServiceConfig } from '@grpc/grpc-js';
import { lateAfterMs, type HedgeOptions } from '../core/decide/hedge';
import type { Clock } from '../core/time/clock';
import { CallIdFilter } from './call-id';
import { CallTrace, type TracedMethod } from './call-trace';
import type { CallMonitor } from './call-monitor';
import type { ConfigSelector } from './grpc-experimental';
import { REPEATED_STATUSES, type MethodSafety } from './method-safety';
import type { RepeatBudget } from './repeat-budget';

/** The first pause is all but none; later ones give a restart time. */
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
  readonly config: MethodConfig;
  readonly needsCallId: boolean;
  usualMs: number | null;
  lateAfterMs: number;
}

export class CallConfigSelector implements ConfigSelector {
  private readonly methods = new Map<string, Method>();

  constructor(private readonly parts: CallConfigParts) {}

  invoke(path: string): CallConfig {
    const { monitor, budget, clock, hedge } = this.parts;
    const method = this.methodOf(path);
    method.usualMs = monitor.usualAttemptMs(path);
    method.lateAfterMs = lateAfterMs(method.usualMs, hedge);
    const trace = new CallTrace(path, method, monitor, clock);
    monitor.callStarted();
    budget.callStarted(trace.startedMs);
    return {
      methodConfig: method.config,
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
    const { safety, userConfig, maxAttempts, hedge } = this.parts;
    const base = matching(userConfig, path) ?? { name: [] };
    const userDecided = base.retryPolicy !== undefined || base.hedgingPolicy !== undefined;
    const repeatable = !userDecided && maxAttempts > 1 && safety.mayBeRepeated(path);
    const method = {
      config: repeatable ? { ...base, ...retries(maxAttempts) } : base,
      shape: safety.shapeOf(path),
      held: safety.mayBeRepeated(path),
      repeatable,
      hedged: repeatable && hedge.enabled,
      needsCallId: safety.needsCallId(path),
      usualMs: null,
      lateAfterMs: hedge.firstDelayMs,
      maxAttempts: repeatable ? maxAttempts : Infinity,
    };
    this.methods.set(path, method);
    return method;
  }
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
