/**
 * Decides whether so many others serve that one more instance may be restarted on suspicion alone. A restart of the last ones
 * that may still answer, for a fault that all of them share, would only make it worse.
 */
import { isServing } from '../domain/health';
import type { CatalogEntry } from '../domain/instance';

export interface FloorVerdict {
  readonly allowed: boolean;
  readonly reason: string;
}

/** @param instances the whole service, as the catalog knows it */
export function judgeFloor(
  instances: readonly Pick<CatalogEntry, 'id' | 'health'>[],
  own: string,
  minHealthy: number,
): FloorVerdict {
  const serving = instances.filter(({ id, health }) => id !== own && isServing(health)).length;
  const reason = `${serving} other instances serve, and ${minHealthy} must for a restart on suspicion`;
  return { allowed: serving >= minHealthy, reason };
}
