/**
 * What the catalog can say of an instance. `missing` is our own word: expected, but not in the catalog.
 */
export type Health = 'passing' | 'warning' | 'critical' | 'maintenance' | 'missing';

/** What an agent can say of its server with one beat. */
export type BeatHealth = Extract<Health, 'passing' | 'warning' | 'critical'>;

const SEVERITY: Readonly<Record<Health, number>> = { passing: 0, warning: 1, critical: 2, maintenance: 3, missing: 4 };

/** The worst of several states; nothing said at all counts as `passing`, as Consul counts a service without checks. */
export function worstHealth(states: readonly Health[]): Health {
  return states.reduce<Health>((worst, state) => (SEVERITY[state] > SEVERITY[worst] ? state : worst), 'passing');
}

/** A server in this state is meant to get calls. */
export function isServing(health: Health): boolean {
  return health === 'passing' || health === 'warning';
}
