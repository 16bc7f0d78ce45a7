/**
 * A real Consul of its own for a test: `const consul = await startConsul()`, and `await consul.stop()` at the end.
 * It is the one that `npm start` runs, so what holds here holds there. No Consul is ever faked.
 */
import { findConsul } from '../../scripts/consul-binary';
import type { ConsulPorts } from '../../scripts/consul/consul-config';
import { startDevConsul, type ConsulProcess } from '../../scripts/consul/dev-consul';

export type { ConsulProcess };

export interface StartConsulOptions {
  /** More configuration; it wins over ours. */
  readonly extraHcl?: string;
  /** Ports that must be these; the others are chosen. */
  readonly ports?: Partial<ConsulPorts>;
  /** Token that may create sessions: needed when `extraHcl` switches ACLs on. */
  readonly token?: string;
}

/** Finds a Consul (see scripts/consul-binary.ts), starts it and waits until it accepts writes. */
export async function startConsul(options: StartConsulOptions = {}): Promise<ConsulProcess> {
  return startDevConsul({ ...options, binary: await findConsul() });
}
