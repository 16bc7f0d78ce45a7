/**
 * An operator's order for one service: who leads it until there is another order. It stands among the service's settings in
 * the registry, where every caller follows it.
 */
import type { Instance } from './instance';

export interface Order {
  /** Ids of the instances that go before every tier; empty: the tiers decide again. */
  readonly lead: readonly string[];
  /** When it was given; a caller carries out each order once. */
  readonly atUnixMs: number;
}

/** The tier of those who lead by order: better than any that a configuration can give. */
const LEAD_TIER = -1;

/** The tier that an instance counts for under an order. */
export function orderedTier({ id, tier }: Pick<Instance, 'id' | 'tier'>, order: Order | null): number {
  return order?.lead.includes(id) === true ? LEAD_TIER : tier;
}

/** Where the settings of a service stand in the registry. */
export function settingsKey(service: string): string {
  return `understudy/services/${service}`;
}
