/**
 * The one call that a user makes: from then on any gRPC client on `consul:///service` fails over by itself.
 */
import type { ClientOptions as GrpcClientOptions, ServiceDefinition } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import type { Clock } from '../core/time/clock';
import type { RegistryConfig } from '../registry/factory';
import type { Registry } from '../registry/port';
import { systemClock } from '../runtime/system-clock';
import { POLICY_NAME, UnderstudyBalancer, UnderstudyBalancingConfig } from './balancer';
import type { CallCounters, RecentFailure } from './call-monitor';
import { CallReporter } from './call-reporter';
import { ClientCore, type UnderstudyEvents } from './client-core';
import {
  registerLoadBalancerType,
  registerResolver,
  SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX,
  type GrpcUri,
  type ResolverListener,
} from './grpc-experimental';
import { KeptViews } from './kept-views';
import { MethodSafety } from './method-safety';
import { parseClientOptions, type ClientTunables } from './options';
import { UnderstudyResolver } from './resolver';
import { parseTarget } from './target';
import { WatchHub } from './watch-hub';

export interface RegisterOptions extends ClientTunables {
  /** How to reach Consul; what is left out comes from CONSUL_HTTP_ADDR and its kin. Or a registry of your own. */
  readonly registry?: RegistryConfig | Registry;
  /**
   * Definitions of the services that are called, as in `[CalculatorClient.service]`. The `idempotency_level` of their
   * methods says which calls may be repeated; without it, or `methods`, none is.
   */
  readonly services?: readonly ServiceDefinition[];
}

export interface Understudy {
  /**
   * Give these to each client: `new CalculatorClient('consul:///calculator', credentials, understudy.channelOptions)`.
   * They tie the client to this Understudy, also where several are registered; your own options may stand beside them.
   */
  readonly channelOptions: GrpcClientOptions;
  /** `start`, `failover`, `failback`, `endpoint`, `restart-asked`, `settings`, `attempt-failed`, `attempt`, `call`. */
  readonly events: EventEmitter<UnderstudyEvents>;
  /** Counters of all calls to one service since registerUnderstudy. */
  counters(service: string): CallCounters;
  /** The last hundred failed attempts of one service, oldest first. No payload, no metadata. */
  recentFailures(service: string): readonly RecentFailure[];
  /** Ends the watches, and reports the last calls. Close your clients first. */
  close(): Promise<void>;
}

const CORE_KEY = `${SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX}.understudy_core`;

/**
 * Registers the resolver for `consul:` targets (or another `scheme`) and the balancing policy with grpc-js.
 * Call it once per process and scheme, before the first client; a second call replaces the first for new clients.
 * @throws TypeError that lists every option it cannot use
 */
export function registerUnderstudy(options: RegisterOptions = {}): Understudy {
  const { registry = {}, services = [], ...tunables } = options;
  const parsed = parseClientOptions(tunables);
  const clock = systemClock();
  const safety = new MethodSafety(parsed.methods, services, warnOfUnknownService);
  const keptViews = parsed.snapshotDir === '' ? null : new KeptViews(parsed.snapshotDir, clock);
  const hub = new WatchHub({ clock, registry, env: process.env, keptViews });
  const core = new ClientCore(parsed, safety, hub, clock, Math.random, clientId());
  registerResolver(parsed.scheme, resolverFor(core));
  registerLoadBalancerType(POLICY_NAME, UnderstudyBalancer, UnderstudyBalancingConfig);
  const reporter = reporterOf(core, clock);
  reporter?.start();
  return {
    channelOptions: { [CORE_KEY]: core },
    events: core.events,
    counters: (service) => core.monitorOf(service).counters(),
    recentFailures: (service) => core.monitorOf(service).recentFailures(),
    close: async () => {
      core.stop();
      await Promise.all([reporter?.stop(), hub.close()]);
    },
  };
}

/** Undefined: nobody wants to hear of the calls. */
function reporterOf(core: ClientCore, clock: Clock): CallReporter | undefined {
  const { reportTo: url, reportToken: token, reportEveryMs: everyMs } = core.options;
  if (url === '') return undefined;
  const counters = (): ReturnType<ClientCore['counters']> => core.counters();
  const takeMethods = (service: string): ReturnType<ClientCore['takeMethods']> => core.takeMethods(service);
  const movesAfter = (seq: number): ReturnType<ClientCore['moves']['after']> => core.moves.after(seq);
  return new CallReporter({ url, token, everyMs, client: core.client, clock, counters, takeMethods, movesAfter });
}

/** Names the process to people, and is unique. */
function clientId(): string {
  return `${hostname().slice(0, 60)}:${process.pid}:${randomUUID().slice(0, 8)}`;
}

/** grpc-js constructs resolvers itself, so what they share is bound into the class. */
function resolverFor(core: ClientCore): Parameters<typeof registerResolver>[1] {
  return class extends UnderstudyResolver {
    constructor(uri: GrpcUri, listener: ResolverListener, channelOptions: Readonly<Record<string, unknown>>) {
      super((channelOptions[CORE_KEY] as ClientCore | undefined) ?? core, uri, listener, channelOptions);
    }
    static getDefaultAuthority(uri: GrpcUri): string {
      return parseTarget(uri).query.service;
    }
  };
}

function warnOfUnknownService(service: string): void {
  process.emitWarning(
    `nothing says which methods of ${service} may be repeated, so none is: give registerUnderstudy ` +
      "{ services: [itsServiceDefinition] }, or { methods: { '/package.Service/Method': 'IDEMPOTENT' } }",
    'UnderstudyWarning',
  );
}
