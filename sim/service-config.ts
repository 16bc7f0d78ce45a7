/**
 * The configuration of a simulated agent for its one instance.
 */
import type { ServiceConfig } from '../agent/service-config';

/** The agent's defaults, but for a window of restarts that a schedule can fill. */
export function serviceConfig(service: string, id: string, tier: number): ServiceConfig {
  return {
    instance: { id, service, address: id, port: 5_001, tier, weight: 1, tags: [], meta: {} },
    register: 'after-first-pass',
    membership: { ttlMs: 10_000, deregisterAfterMs: 600_000, beatMs: 1_000, beatTimeoutMs: 3_000 },
    probe: {
      ...{ type: 'grpc', service: '', onUnimplemented: 'pass' },
      ...{ intervalMs: 1_000, timeoutMs: 500, detector: { fall: 2, of: 3, rise: 2 } },
    },
    drain: { graceMs: 2_000, timeoutMs: 8_000 },
    restart: {
      ...{ initialDelayMs: 100, maxDelayMs: 10_000, factor: 2, windowMs: 60_000, maxAttempts: 3 },
      ...{ stableAfterMs: 15_000, onUnhealthy: true, killAfterMs: 3_000, startTimeoutMs: 30_000 },
    },
    recovery: { ladder: [], graceMs: 10_000 },
    guard: { atOnce: 1, minHealthy: 0 },
    guardian: { afterMs: 5_000, onLost: [] },
  };
}
