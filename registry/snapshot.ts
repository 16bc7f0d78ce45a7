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

/** A frozen view, sorted by tier, then id. A list that `arranged` made is taken over as it is. */
export function buildSnapshot(service: string, index: string, entries: readonly CatalogEntry[]): Snapshot {
  return Object.freeze({ service, index, instances: arranged(entries) });
}

const lists = new WeakSet<readonly CatalogEntry[]>();

/** Frozen and in the order of a snapshot; a list that it made before is returned itself. */
export function arranged(entries: readonly CatalogEntry[]): readonly CatalogEntry[] {
  if (lists.has(entries)) return entries;
  const list = Object.freeze(entries.map(frozenEntry).sort((a, b) => a.tier - b.tier || compareText(a.id, b.id)));
  lists.add(list);
  return list;
}

const frozen = new WeakSet<CatalogEntry>();

/** A copy that nobody can change; one that it made before is returned itself. */
export function frozenEntry(entry: CatalogEntry): CatalogEntry {
  if (frozen.has(entry)) return entry;
  const { tags, meta } = entry;
  const copy = Object.freeze({ ...entry, tags: Object.freeze([...tags]), meta: Object.freeze({ ...meta }) });
  frozen.add(copy);
  return copy;
}

const hashes = new WeakMap<CatalogEntry, string>();
const listHashes = new WeakMap<readonly CatalogEntry[], string>();

/** Equal for entries with equal contents. Taken once of each frozen entry: mostly a view is the last one, but for one. */
export function entryHash(entry: CatalogEntry): string {
  const known = hashes.get(entry);
  if (known !== undefined) return known;
  const contents = [
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
  ];
  const hash = sha256(JSON.stringify(contents));
  if (frozen.has(entry)) hashes.set(entry, hash);
  return hash;
}

/** Equal for snapshots with equal contents; the index is left out, because it moves without a change. */
export function contentHash({ instances }: Snapshot): string {
  const known = listHashes.get(instances);
  if (known !== undefined) return known;
  const hash = sha256(instances.map(entryHash).join());
  if (lists.has(instances)) listHashes.set(instances, hash);
  return hash;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** By code unit: a locale would sort differently from machine to machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
