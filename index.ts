/**
 * The package's entry: what a gRPC client needs. `understudy-rpc/server` has what a server needs, and the
 * `understudy` command is the agent and the operator's tool.
 */
export { registerUnderstudy } from './client/register-understudy';
export type { RegisterOptions, Understudy } from './client/register-understudy';
export type {
  AttemptEvent,
  AttemptFailedEvent,
  CallEvent,
  EndpointEvent,
  RestartAskedEvent,
  SettingsEvent,
  TierChangeEvent,
  UnderstudyEvents,
} from './client/client-core';
export type { ServiceSettings } from './client/service-settings';
export type { CallCounters, RecentFailure } from './client/call-monitor';
export type { ClientTunables } from './client/options';
export type { RegistryConfig } from './registry/factory';
export { newCallId } from './client/call-id';
export { CALL_ID_KEY } from './core/decide/call-id';
export type { IdempotencyLevel, MethodLevel } from './core/domain/idempotency';
