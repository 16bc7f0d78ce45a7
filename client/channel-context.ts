/**
 * What the resolver hands to the balancer of its channel: through grpc-js's resolver attributes, under a key that
 * stays out of the identity of connections.
 */
import type { ChannelOptions } from '@grpc/grpc-js';
import type { Candidate, TierChange } from '../core/decide/failover';
import type { CatalogEntry } from '../core/domain/instance';
import type { Move } from '../core/domain/move';
import type { Order } from '../core/domain/order';
import type { Clock, Rng } from '../core/time/clock';
import {
  CHANNEL_ARGS_CONFIG_SELECTOR_KEY,
  SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX,
  type GrpcEndpoint,
} from './grpc-experimental';
import type { MethodSafety } from './method-safety';
import type { ClientOptions } from './options';
import type { RepeatBudget } from './repeat-budget';
import type { SecondAttempts } from './second-attempts';

export interface ChannelContext {
  readonly service: string;
  readonly registryDescription: string;
  readonly options: ClientOptions;
  /** What an operator wants of the tiers. */
  readonly order: Order | null;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly safety: MethodSafety;
  readonly budget: RepeatBudget;
  /** Of this channel's calls. */
  readonly secondAttempts: SecondAttempts;
  readonly onEndpoint: (candidate: Candidate) => void;
  readonly onTierChange: (change: TierChange, reason: string) => void;
  /** What goes on record of this client's decisions. */
  readonly onMove: (move: Move) => void;
}

interface CatalogEndpoint extends GrpcEndpoint {
  readonly understudy: CatalogEntry;
}

const CONTEXT_KEY = `${SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX}.understudy`;
const GENERATION_KEY = 'understudy.connection_generation';

/** A restarted server is reached again within a second; grpc-js alone would wait up to two minutes. */
const RECONNECT_DEFAULTS: ChannelOptions = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

export function contextAttributes(context: ChannelContext): Record<string, unknown> {
  return { [CONTEXT_KEY]: context };
}

export function channelContextOf(options: ChannelOptions): ChannelContext {
  const context: unknown = options[CONTEXT_KEY];
  if (context === undefined)
    throw new Error('the balancing policy "understudy" works only on targets of registerUnderstudy');
  return context as ChannelContext;
}

/** grpc-js hands properties of our own on endpoint objects through to the policy, untouched. */
export function toGrpcEndpoint(entry: CatalogEntry): CatalogEndpoint {
  return { addresses: [{ host: entry.address, port: entry.port }], understudy: entry };
}

export function catalogEntryOf(endpoint: GrpcEndpoint): CatalogEntry {
  return (endpoint as CatalogEndpoint).understudy;
}

/** The options a connection is made with: the channel's, less what is not about connections. */
export function connectionOptions(channel: ChannelOptions, generation: number): ChannelOptions {
  const options: ChannelOptions = { ...RECONNECT_DEFAULTS, ...channel };
  Reflect.deleteProperty(options, CHANNEL_ARGS_CONFIG_SELECTOR_KEY);
  return generation === 0 ? options : { ...options, [GENERATION_KEY]: generation };
}
