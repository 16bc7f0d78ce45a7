/**
 * The one door to `grpc.experimental`: resolvers and balancing policies are not covered by grpc-js's promise of
 * compatibility, so its version is pinned, every use goes through here, and test/contract/grpc-experimental.test.ts
 * holds what we rely on.
 */
import { experimental } from '@grpc/grpc-js';

export const {
  BaseFilter,
  registerResolver,
  registerLoadBalancerType,
  UnavailablePicker,
  BaseSubchannelWrapper,
  statusOrFromError,
  statusOrFromValue,
  PickResultType,
  parseDuration,
  CHANNEL_ARGS_CONFIG_SELECTOR_KEY,
  SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX,
} = experimental;

export type ChannelControlHelper = experimental.ChannelControlHelper;
export type ConfigSelector = experimental.ConfigSelector;
export type ConnectivityStateListener = experimental.ConnectivityStateListener;
export type Filter = experimental.Filter;
export type GrpcEndpoint = experimental.Endpoint;
export type GrpcUri = experimental.GrpcUri;
export type LoadBalancer = experimental.LoadBalancer;
export type PickArgs = experimental.PickArgs;
export type PickResult = experimental.PickResult;
export type Picker = experimental.Picker;
export type Resolver = experimental.Resolver;
export type ResolverListener = experimental.ResolverListener;
export type SubchannelInterface = experimental.SubchannelInterface;
export type RealSubchannel = ReturnType<SubchannelInterface['getRealSubchannel']>;
export type SubchannelCall = ReturnType<RealSubchannel['createCall']>;
export type CallListener = Parameters<RealSubchannel['createCall']>[3];
export type CallEnd = Parameters<CallListener['onReceiveStatus']>[0];
export type TypedLoadBalancingConfig = experimental.TypedLoadBalancingConfig;
export type StatusOr<T> = experimental.StatusOr<T>;
