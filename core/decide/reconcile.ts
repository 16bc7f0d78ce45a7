/**
 * Decides what has to change in the registry so that it says what this agent wants it to say. It compares whole
 * registrations, removes nothing before a full read, and never removes what another owner registered.
 * Of two incarnations under one id the newer epoch wins, so two agents with the same id never fight.
 */
import { hostPort, type Instance } from '../domain/instance';

export interface DesiredInstance {
  readonly instance: Instance;
  /** False: not to be registered yet, because no probe has passed. An entry that is there already is put right all the same. */
  readonly wanted: boolean;
}

export type ReconcileAction =
  | { readonly type: 'register'; readonly instanceId: string; readonly reason: string }
  | { readonly type: 'replace'; readonly instanceId: string; readonly reason: string }
  | { readonly type: 'remove'; readonly instanceId: string; readonly reason: string }
  /** A newer incarnation holds the id: say nothing under it. */
  | { readonly type: 'yield'; readonly instanceId: string; readonly reason: string };

/**
 * @param actual everything registered through this endpoint; undefined while it has never been read completely
 * @param owner this agent's stable id
 */
export function reconcile(
  desired: readonly DesiredInstance[],
  actual: readonly Instance[] | undefined,
  owner: string,
): readonly ReconcileAction[] {
  if (actual === undefined) return [];
  const found = new Map(actual.map((entry) => [entry.id, entry]));
  const actions = desired.flatMap((want) => compare(want, found.get(want.instance.id)) ?? []);
  const wantedIds = new Set(desired.map((want) => want.instance.id));
  const ghosts = actual.filter((entry) => entry.owner === owner && !wantedIds.has(entry.id));
  return [
    ...actions,
    ...ghosts.map((ghost) => ({
      type: 'remove' as const,
      instanceId: ghost.id,
      reason: `${ghost.id} at ${hostPort(ghost)} was registered by an earlier run of this agent and is no longer in its configuration`,
    })),
  ];
}

function compare(want: DesiredInstance, entry: Instance | undefined): ReconcileAction | undefined {
  const { instance, wanted } = want;
  const instanceId = instance.id;
  if (entry === undefined) {
    return wanted ? { type: 'register', instanceId, reason: `${instanceId} is not in the registry` } : undefined;
  }
  if (entry.epoch > instance.epoch) {
    const reason = `a newer incarnation of ${instanceId} was registered from ${hostPort(entry)} by ${entry.owner}: two agents use the same instance id, give each its own`;
    return { type: 'yield', instanceId, reason };
  }
  const differing = differences(instance, entry);
  if (differing.length === 0) return undefined;
  return { type: 'replace', instanceId, reason: `the registry has another ${differing.join(', ')} for ${instanceId}` };
}

function differences(a: Instance, b: Instance): readonly string[] {
  const plain = (['service', 'address', 'port', 'tier', 'weight', 'epoch', 'owner'] as const).filter(
    (key) => a[key] !== b[key],
  );
  const tags = sameWords(a.tags, b.tags) ? [] : ['tags'];
  const meta = sameWords(pairs(a.meta), pairs(b.meta)) ? [] : ['meta'];
  return [...plain, ...tags, ...meta];
}

/** The same set of words, whatever their order: a registry may keep another one. */
function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify([...new Set(a)].sort()) === JSON.stringify([...new Set(b)].sort());
}

function pairs(meta: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(meta).map(([key, value]) => JSON.stringify([key, value]));
}
