/**
 * Decides what an answer of /v1/health/service says of each instance: the worst of its own checks and its node's, and the
 * sentence of the check that decided. An instance whose machine is gone is critical, whatever its own check still says.
 */
import type { Health } from '../../core/domain/health';
import { worstHealth } from '../../core/domain/health';
import type { CatalogEntry } from '../../core/domain/instance';
import { checkIdOf, instanceOf, isOurs, WHEN_REGISTERED } from './consul-entry';
import { entryHash, frozenEntry } from '../snapshot';
import { oneLine } from './consul-error';
import { listIn, objectIn, textIn } from './consul-json';

interface Check {
  readonly health: Health;
  readonly reason: string;
  /** Whom to believe among equals: our own check, another one of the service, the node's. */
  readonly rank: number;
  /** It turned critical by itself: nobody said so. */
  readonly lost: boolean;
}

/** How the output of a TTL check begins that Consul turned critical (agent/checks/check.go). */
const TTL_RAN_OUT = 'TTL expired';

/** An instance as one item of an answer tells it. */
export interface HealthItem {
  readonly entry: CatalogEntry;
  /** An Understudy agent registered it. */
  readonly ours: boolean;
  /** Name of the node that it stands on. */
  readonly node: string;
}

/** @param before what this item said in the answer before; returned as it is when nothing of it has changed */
export function healthItem(item: unknown, before?: HealthItem): HealthItem {
  const read = {
    entry: frozenEntry(entryOf(item)),
    ours: isOurs(objectIn(item, 'Service')),
    node: textIn(objectIn(item, 'Node'), 'Node'),
  };
  if (before?.ours !== read.ours || before.node !== read.node) return read;
  return entryHash(before.entry) === entryHash(read.entry) ? before : read;
}

/** Every instance of the answer once, ids unique. */
export function catalogEntries(items: readonly HealthItem[]): readonly CatalogEntry[] {
  const byId = new Map<string, HealthItem[]>();
  for (const item of items) {
    const same = byId.get(item.entry.id);
    if (same === undefined) byId.set(item.entry.id, [item]);
    else same.push(item);
  }
  if (byId.size === items.length) return items.map(({ entry }) => entry);
  return [...byId.values()].flatMap((same) => {
    if (same.length === 1) return same.map(({ entry }) => entry);
    // An id is unique per Consul agent only. Of ours, the older incarnation is a ghost on the agent that it moved from.
    const ours = same.filter((item) => item.ours).map(({ entry }) => entry);
    const foreign = same.filter((item) => !item.ours);
    return [
      ...ours.sort(newestFirst).slice(0, 1),
      ...foreign.map(({ entry, node }) => ({ ...entry, id: `${entry.id}@${node}` })),
    ];
  });
}

function newestFirst(a: CatalogEntry, b: CatalogEntry): number {
  if (a.epoch !== b.epoch) return b.epoch - a.epoch;
  return worstHealth([a.health, b.health]) === a.health ? 1 : -1;
}

function entryOf(item: unknown): CatalogEntry {
  const instance = instanceOf(objectIn(item, 'Service'), textIn(objectIn(item, 'Node'), 'Address'));
  const checks = listIn(item, 'Checks').map((check) => checkOf(check, instance.id));
  const health = worstHealth(checks.map((check) => check.health));
  const lost = health === 'critical' && checks.some((check) => check.lost);
  const deciding = checks.filter((check) => check.health === health).sort((a, b) => a.rank - b.rank)[0];
  return { ...instance, health, reason: deciding?.reason ?? 'no check says anything', ...(lost && { lost }) };
}

function checkOf(check: unknown, instanceId: string): Check {
  const id = textIn(check, 'CheckID');
  const rank = id === checkIdOf(instanceId) ? 0 : textIn(check, 'ServiceID') === '' ? 2 : 1;
  // Maintenance and the registration have their sentence in the notes, every other news in the output.
  const said = oneLine(textIn(check, 'Output')) || oneLine(textIn(check, 'Notes').replace(WHEN_REGISTERED, ''));
  const health = healthOf(id, textIn(check, 'Status'));
  const expired = (rank === 0 && said.startsWith(TTL_RAN_OUT)) || id === 'serfHealth';
  return { health, reason: said || textIn(check, 'Name'), rank, lost: health === 'critical' && expired };
}

function healthOf(checkId: string, status: string): Health {
  if (checkId === '_node_maintenance' || checkId.startsWith('_service_maintenance:')) return 'maintenance';
  return status === 'passing' || status === 'warning' ? status : 'critical';
}
