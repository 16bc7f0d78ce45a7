/**
 * Builds the immutable views that every registry hands out, and says whether two of them are the same. The order and the
 * hash depend on the contents alone, never on the order in which a registry happened to answer.
 */
import { createHash } from 'node:crypto';
import { roleOf, type CatalogEntry } from '../core/domain/instance';
import type { Snapshot } from '../core/domain/snapshot';

/** Marks what an Understudy agent registered. */
export const UNDERSTUDY_TAG = 'understudy';

/** Tags that a registry adds to the user's own, for people and for `WatchQuery.tag`. */
export function addedTags(tier: number): readonly string[] {
  return [UNDERSTUDY_TAG, roleOf(tier), `tier-${tier}`];
}

/** A frozen view, sorted by tier, then id. */
export function buildSnapshot(service: string, index: string, entries: readonly CatalogEntry[]): Snapshot {
  const instances = entries
    .map((entry) =>
      Object.freeze({ ...entry, tags: Object.freeze([...entry.tags]), meta: Object.freeze({ ...entry.meta }) }),
    )
    .sort((a, b) => a.tier - b.tier || compareText(a.id, b.id));
  return Object.freeze({ service, index, instances: Object.freeze(instances) });
}

/** Equal for snapshots with equal contents; the index is left out, because it moves without a change. */
export function contentHash(snapshot: Snapshot): string {
  const contents = snapshot.instances.map((entry) => [
    entry.id,
    entry.service,
    entry.address,
    entry.port,
    entry.tier,
    entry.weight,
    entry.epoch,
    entry.owner,
    entry.tags,
    Object.entries(entry.meta).sort(([a], [b]) => compareText(a, b)),
    entry.health,
    entry.reason,
    entry.lost === true,
  ]);
  return createHash('sha256').update(JSON.stringify(contents)).digest('base64url');
}

/** By code unit: a locale would sort differently from machine to machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
