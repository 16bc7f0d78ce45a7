/**
 * The one call that a user makes: from then on any gRPC client on `consul:///service` fails over by itself.
 */
import type { ClientOptions as GrpcClientOptions, ServiceDefinition } from '@grpc/grpc-js';
import type { EventEmitter } from 'node:events';
import type { RegistryConfig } from '../registry/factory';
import type { Registry } from '../registry/port';
import { systemClock } from '../runtime/system-clock';
import { POLICY_NAME, UnderstudyBalancer, UnderstudyBalancingConfig } from './balancer';
import type { CallCounters } from './call-monitor';
import { ClientCore, type UnderstudyEvents } from './client-core';
import { registerLoadBalancerType, registerResolver, type GrpcUri, type ResolverListener } from './grpc-experimental';
import { MethodSafety } from './method-safety';
import { parseClientOptions, type ClientTunables } from './options';
import { UnderstudyResolver } from './resolver';
import { parseTarget } from './target';
import { WatchHub } from './watch-hub';

export interface RegisterOptions extends ClientTunables {
  /** How to reach Consul; what is left out comes from CONSUL_HTTP_ADDR and its kin. Or a registry of your own. */
  readonly registry?: RegistryConfig | Registry;
  /** Services whose methods' idempotency is to be known without passing `channelOptions` to their clients. */
  readonly services?: readonly ServiceDefinition[];
}

export interface Understudy {
  /**
   * Give these to each client: `new CalculatorClient('consul:///calculator', credentials, understudy.channelOptions)`.
   * They read each method's `idempotency_level` from the proto; your own options may stand beside them.
   */
  readonly channelOptions: GrpcClientOptions;
  /** `start`, `failover`, `failback`, `endpoint`, `attempt-failed`. */
  readonly events: EventEmitter<UnderstudyEvents>;
  /** Counters of all calls to one service since registerUnderstudy. */
  counters(service: string): CallCounters;
  /** Ends the watches. Close your clients first. */
  close(): Promise<void>;
}

/**
 * Registers the resolver for `consul:` targets (or another `scheme`) and the balancing policy with grpc-js.
 * Call it once per process and scheme, before the first client; a second call replaces the first for new clients.
 * @throws TypeError that lists every option it cannot use
 */
export function registerUnderstudy(options: RegisterOptions = {}): Understudy {
  const { registry = {}, services = [], ...tunables } = options;
  const parsed = parseClientOptions(tunables);
  const clock = systemClock();
  const safety = new MethodSafety(parsed.methods);
  for (const service of services) safety.learnService(service);
  const hub = new WatchHub({ clock, registry, env: process.env });
  const core = new ClientCore(parsed, safety, hub, clock, Math.random);
  registerResolver(parsed.scheme, resolverFor(core));
  registerLoadBalancerType(POLICY_NAME, UnderstudyBalancer, UnderstudyBalancingConfig);
  return {
    channelOptions: {
      callInvocationTransformer: (call) => {
        safety.learn(call.methodDefinition);
        return call;
      },
    },
    events: core.events,
    counters: (service) => core.monitorOf(service).counters(),
    close: () => hub.close(),
  };
}

/** grpc-js constructs resolvers itself, so what they share is bound into the class. */
function resolverFor(core: ClientCore): Parameters<typeof registerResolver>[1] {
  return class extends UnderstudyResolver {
    constructor(uri: GrpcUri, listener: ResolverListener, channelOptions: Readonly<Record<string, unknown>>) {
      super(core, uri, listener, channelOptions);
    }
    static getDefaultAuthority(uri: GrpcUri): string {
      return parseTarget(uri).query.service;
    }
  };
}
