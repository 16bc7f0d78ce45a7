/**
 * Decides what an answer of /v1/health/service says of each instance: the worst of its own checks and its node's, and the
 * sentence of the check that decided. An instance whose machine is gone is critical, whatever its own check still says.
 */
import type { Health } from '../../core/domain/health';
import { worstHealth } from '../../core/domain/health';
import type { CatalogEntry } from '../../core/domain/instance';
import { checkIdOf, instanceOf, isOurs, WHEN_REGISTERED } from './consul-entry';
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

/** Every instance of the answer once, ids unique. */
export function catalogEntries(answer: readonly unknown[]): readonly CatalogEntry[] {
  const byId = new Map<string, { readonly entry: CatalogEntry; readonly item: unknown }[]>();
  for (const item of answer) {
    const entry = entryOf(item);
    const same = byId.get(entry.id);
    if (same === undefined) byId.set(entry.id, [{ entry, item }]);
    else same.push({ entry, item });
  }
  return [...byId.values()].flatMap((same) => {
    if (same.length === 1) return same.map(({ entry }) => entry);
    // An id is unique per Consul agent only. Of ours, the older incarnation is a ghost on the agent that it moved from.
    const ours = same.filter(({ item }) => isOurs(objectIn(item, 'Service'))).map(({ entry }) => entry);
    const foreign = same.filter(({ item }) => !isOurs(objectIn(item, 'Service')));
    return [
      ...ours.sort(newestFirst).slice(0, 1),
      ...foreign.map(({ entry, item }) => ({ ...entry, id: `${entry.id}@${textIn(objectIn(item, 'Node'), 'Node')}` })),
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
