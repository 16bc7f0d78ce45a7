/**
 * Gives each call its configuration: repeatable methods get a retry policy, all others none. It stands in the config
 * selector, below every interceptor, so that a user's own interceptors cannot switch it off by accident.
 *
 * A call that is not repeatable is still sent again by grpc-js itself when it provably reached no server: it was not
 * started, or its stream was refused (REFUSED_STREAM, or above the last stream id of a GOAWAY).
 */
import { status, type ServiceConfig } from '@grpc/grpc-js';
import { CallEndFilter, CallTrace } from './call-trace';
import type { CallMonitor } from './call-monitor';
import type { ConfigSelector } from './grpc-experimental';
import type { MethodSafety } from './method-safety';

/**
 * CANCELLED from the wire is a server that was stopped by force; one that the caller asked for ends all attempts.
 */
const REPEATED_STATUSES = [status.UNAVAILABLE, status.CANCELLED];

type CallConfig = ReturnType<ConfigSelector['invoke']>;
type MethodConfig = ServiceConfig['methodConfig'][number];

/** The first repetition is all but immediate: it goes to another endpoint. Later ones give a restart some time. */
const BACKOFF = { initialBackoff: '0.002s', maxBackoff: '0.1s', backoffMultiplier: 4 };

export interface CallConfigParts {
  readonly safety: MethodSafety;
  readonly monitor: CallMonitor;
  readonly maxAttempts: number;
  /** The user's own `grpc.service_config`: its timeouts and policies stay in force. */
  readonly userConfig: ServiceConfig | null;
}

export class CallConfigSelector implements ConfigSelector {
  private readonly methods = new Map<string, MethodConfig>();

  constructor(private readonly parts: CallConfigParts) {}

  invoke(path: string): CallConfig {
    const trace = new CallTrace(path, this.parts.monitor);
    this.parts.monitor.callStarted();
    return {
      methodConfig: this.methodConfig(path),
      // Typed as text pairs, handed through untouched: the picker looks for a CallTrace.
      pickInformation: trace as unknown as CallConfig['pickInformation'],
      status: status.OK,
      dynamicFilterFactories: [{ createFilter: () => new CallEndFilter(trace) }],
    };
  }

  unref(): void {
    // Nothing is held per channel.
  }

  private methodConfig(path: string): MethodConfig {
    const known = this.methods.get(path);
    if (known !== undefined) return known;
    const config = this.buildMethodConfig(path);
    this.methods.set(path, config);
    return config;
  }

  private buildMethodConfig(path: string): MethodConfig {
    const base = matching(this.parts.userConfig, path) ?? { name: [] };
    const userDecided = base.retryPolicy !== undefined || base.hedgingPolicy !== undefined;
    if (userDecided || this.parts.maxAttempts < 2 || !this.parts.safety.mayBeRepeated(path)) return base;
    const retryPolicy = { ...BACKOFF, maxAttempts: this.parts.maxAttempts, retryableStatusCodes: REPEATED_STATUSES };
    return { ...base, retryPolicy };
  }
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
