/** Registrations for tests: complete and ordinary, except for what a test says. */
import type { Instance } from '../../core/domain/instance';
import type { Registration } from '../../registry/port';

export function instance(service: string, change: Partial<Instance> = {}): Instance {
  return {
    id: `${service}-1`,
    service,
    address: '127.0.0.1',
    port: 5001,
    tier: 0,
    weight: 1,
    epoch: 1_700_000_000_000,
    owner: 'agent-a',
    tags: [],
    meta: {},
    ...change,
  };
}

export function registration(of: Instance, change: Partial<Omit<Registration, 'instance'>> = {}): Registration {
  return {
    instance: of,
    ttlMs: 20_000,
    deregisterAfterMs: 60_000,
    health: 'passing',
    reason: 'the first probe was good',
    ...change,
  };
}
