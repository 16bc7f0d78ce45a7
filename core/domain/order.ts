/**
 * An operator's order for one service: who leads it until there is another order. It stands among the service's settings in
 * the registry, where every caller follows it.
 */
import { isServing } from './health';
import type { CatalogEntry, Instance } from './instance';

export interface Order {
  /** Ids of the instances that go before every tier; empty: the tiers decide again. */
  readonly lead: readonly string[];
  /** When it was given; a caller carries out each order once. */
  readonly atUnixMs: number;
  /** From then on it counts as taken back, whoever gave it: that of a drill ends though its agent may be dead. */
  readonly untilUnixMs?: number;
}

/** The tier of those who lead by order: better than any that a configuration can give. */
const LEAD_TIER = -1;

/** The tier that an instance counts for under an order. */
export function orderedTier({ id, tier }: Pick<Instance, 'id' | 'tier'>, order: Order | null): number {
  return order?.lead.includes(id) === true ? LEAD_TIER : tier;
}

/** The order by which somebody leads at this time; null: the tiers decide. */
export function standingOrder(order: Order | null, unixMs: number): Order | null {
  const stands = order !== null && order.lead.length > 0 && unixMs < (order.untilUnixMs ?? Infinity);
  return stands ? order : null;
}

/** Who serves in the best tier below the one that leads now; nobody: there is no other tier. */
export function nextInLine(
  instances: readonly Pick<CatalogEntry, 'id' | 'tier' | 'health'>[],
  order: Order | null,
): readonly string[] {
  const ready = instances.filter(({ health }) => isServing(health));
  const tiers = ready.map((one) => orderedTier(one, order));
  const leading = Math.min(...tiers);
  const next = Math.min(...tiers.filter((tier) => tier > leading));
  return ready.filter((one) => orderedTier(one, order) === next).map(({ id }) => id);
}

/** Where the settings of a service stand in the registry. */
export function settingsKey(service: string): string {
  return `understudy/services/${service}`;
}
