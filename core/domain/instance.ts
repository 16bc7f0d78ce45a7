import type { Health } from './health';

/** One server process as it is registered. Immutable: a change is a new object. */
export interface Instance {
  /** Unique in the catalog, `calculator-1`. */
  readonly id: string;
  /** Logical name, `calculator`. */
  readonly service: string;
  /** Host name or IP that callers connect to. */
  readonly address: string;
  readonly port: number;
  /** Failover order: 0 is the primary, 1, 2, … are its backups. Instances of one tier share the load. */
  readonly tier: number;
  /** Share of its tier's load, 1 to 65535. */
  readonly weight: number;
  /** Grows with every incarnation of the process (Unix time in ms of its start). */
  readonly epoch: number;
  /** Who registered it: the agent's stable id. Ghosts are cleaned by it. */
  readonly owner: string;
  /** Tags of the user's own; `primary`, `backup` and `tier-N` are added by the registry. */
  readonly tags: readonly string[];
  /** Further key-value pairs of the user's own. */
  readonly meta: Readonly<Record<string, string>>;
}

/** An instance with what the catalog says of it. */
export interface CatalogEntry extends Instance {
  readonly health: Health;
  /** One sentence: why it has this health. */
  readonly reason: string;
  /** The registry itself calls it critical: its agent beats no longer, or its machine is gone. */
  readonly lost?: true;
}

/** `10.0.0.7:5001`, and `[::1]:5001` for IPv6. */
export function hostPort(instance: Pick<Instance, 'address' | 'port'>): string {
  const host = instance.address.includes(':') ? `[${instance.address}]` : instance.address;
  return `${host}:${instance.port}`;
}

/** `primary` for tier 0, `backup` for every other: the words of the Consul UI and of `understudy status`. */
export function roleOf(tier: number): 'primary' | 'backup' {
  return tier === 0 ? 'primary' : 'backup';
}

/** Name under which agents register themselves: no service that anybody calls. */
export const AGENT_SERVICE = 'understudy-agent';
