/**
 * Looks after the other instances of one service whose agent is gone, its whole machine perhaps: of all agents that see it
 * exactly one, which holds a lock of the registry, runs the `onLost` hooks. It never acts on what an agent itself calls ill.
 */
import { guardianDuty, readGuardianMark, type GuardianMark } from '../core/decide/guardian';
import { AGENT_SERVICE, type CatalogEntry } from '../core/domain/instance';
import type { Clock } from '../core/time/clock';
import { readSetting, RegistryError, type Catalog, type Lease, type Locks, type Settings } from '../registry/port';
import { sleep } from '../runtime/sleep';
import { asError } from './deadline';
import { runHook, type Hook } from './hooks/hook';
import { IncidentTracker, type IncidentPorts } from './incident-tracker';

export interface GuardianPorts extends IncidentPorts {
  readonly registry: Pick<Catalog, 'snapshot' | 'watch'> & Locks & Settings;
  readonly clock: Clock;
  readonly hooks: readonly GuardianHook[];
}

export interface GuardianHook {
  readonly hook: Hook;
  readonly attempts: number;
}

export interface GuardianOptions {
  readonly service: string;
  /** The agent's stable id. */
  readonly owner: string;
  /** So long a lost instance has for its agent to come back, ms. */
  readonly afterMs: number;
  /** From the return of an instance until its incident is over, ms. */
  readonly stableAfterMs: number;
}

/** Consul's least; it may take twice as long until a dead holder's lock is free. */
const LOCK_TTL_MS = 10_000;
const AGAIN_MS = 2000;

interface Ward {
  readonly epoch: number;
  readonly stopper: AbortController;
  readonly care: Promise<void>;
}

export class Guardian {
  private readonly wards = new Map<string, Ward>();
  private readonly incidents = new Map<string, IncidentTracker>();

  constructor(
    private readonly options: GuardianOptions,
    private readonly ports: GuardianPorts,
  ) {}

  /** Runs until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { service } = this.options;
    await this.ports.registry.watch(
      { service },
      (event) => {
        if (event.type === 'snapshot' && !signal.aborted) this.look(event.snapshot.instances, signal);
      },
      signal,
    );
    await Promise.all([...this.wards.values()].map(({ stopper, care }) => (stopper.abort(), care)));
    for (const incident of this.incidents.values()) incident.stop();
  }

  private look(instances: readonly CatalogEntry[], signal: AbortSignal): void {
    const lost = new Map(instances.filter((one) => one.lost === true && this.isOther(one)).map((one) => [one.id, one]));
    for (const [id, { epoch, stopper }] of this.wards) {
      if (lost.get(id)?.epoch === epoch) continue;
      stopper.abort();
      this.wards.delete(id);
    }
    for (const { id, health } of instances) if (health === 'passing') void this.returned(id, signal);
    for (const entry of lost.values()) {
      if (this.wards.has(entry.id)) continue;
      const stopper = new AbortController();
      const care = this.care(entry, AbortSignal.any([signal, stopper.signal]), signal);
      this.wards.set(entry.id, { epoch: entry.epoch, stopper, care });
    }
  }

  private isOther({ owner }: CatalogEntry): boolean {
    return owner !== '' && owner !== this.options.owner;
  }

  /** @param wanted aborts when the instance is back or the agent ends @param ending when the agent ends */
  private async care(entry: CatalogEntry, wanted: AbortSignal, ending: AbortSignal): Promise<void> {
    const { clock } = this.ports;
    await sleep(clock, this.options.afterMs, wanted);
    while (!wanted.aborted) {
      try {
        if (!(await this.agentLives(entry, wanted)) && (await this.withLock(entry, wanted, ending))) return;
      } catch (error) {
        if (this.isRefused(asError(error), entry, wanted)) return;
      }
      await sleep(clock, AGAIN_MS, wanted);
    }
  }

  /** True: trying again is useless. */
  private isRefused(error: Error, { id }: CatalogEntry, wanted: AbortSignal): boolean {
    if (wanted.aborted) return true;
    const refused = error instanceof RegistryError && !error.retryable;
    this.ports.log.write(refused ? 'error' : 'warn', `guardian of ${id}: ${error.message}`, { instance: id });
    return refused;
  }

  /** An agent that still beats for itself knows more than we do. */
  private async agentLives({ owner }: CatalogEntry, signal: AbortSignal): Promise<boolean> {
    const { instances } = await this.ports.registry.snapshot({ service: AGENT_SERVICE }, signal);
    return instances.some(({ meta, health }) => meta['agent'] === owner && health === 'passing');
  }

  /** @returns whether nothing is left to do */
  private async withLock(entry: CatalogEntry, wanted: AbortSignal, ending: AbortSignal): Promise<boolean> {
    const { service, owner } = this.options;
    const key = lockKey(service, entry.id);
    const lease = await this.ports.registry.acquire({ key, slots: 1, holder: owner, ttlMs: LOCK_TTL_MS }, wanted);
    try {
      return await this.doDuty(entry, lease, AbortSignal.any([ending, lease.lost]));
    } finally {
      await lease.release();
    }
  }

  private async doDuty(entry: CatalogEntry, { fence }: Lease, signal: AbortSignal): Promise<boolean> {
    const { registry, hooks, log } = this.ports;
    const { service, owner } = this.options;
    const { instances } = await registry.snapshot({ service }, signal);
    const now = instances.find(({ id }) => id === entry.id);
    const mark = readGuardianMark(await readSetting(registry, markKey(service, entry.id), signal));
    const { from, reason } = guardianDuty(now, entry.epoch, mark, hooks.length, fence);
    log.write('info', `guardian of ${entry.id}: ${from === null ? 'nothing is left to do: ' : ''}${reason}`, {
      instance: entry.id,
      fence: String(fence),
    });
    if (from === null) return true;
    const incident = this.incidentOf(entry.id);
    incident.take({ kind: 'detected', source: 'guardian', sentence: reason });
    for (let at = from; at < hooks.length; at += 1) {
      await this.mark(entry, { epoch: entry.epoch, fence: String(fence), done: at, agent: owner }, signal);
      await this.runOne(entry, hooks[at], reason, fence, signal);
      // What was cut off did not end: who comes next does it again.
      if (signal.aborted) return false;
    }
    await this.mark(entry, { epoch: entry.epoch, fence: String(fence), done: hooks.length, agent: owner }, signal);
    return true;
  }

  private mark({ id }: CatalogEntry, mark: GuardianMark, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return this.ports.registry.writeSetting(markKey(this.options.service, id), JSON.stringify(mark), signal);
  }

  private async runOne(
    { id: instance }: CatalogEntry,
    one: GuardianHook | undefined,
    reason: string,
    fence: bigint,
    signal: AbortSignal,
  ): Promise<void> {
    if (one === undefined) return;
    const { service } = this.options;
    const { clock } = this.ports;
    const incident = this.incidentOf(instance);
    for (let attempt = 1; attempt <= one.attempts && !signal.aborted; attempt += 1) {
      const about = { source: 'guardian', action: one.hook.type, attempt } as const;
      incident.take({ kind: 'acting', sentence: one.hook.what, ...about });
      const context = { service, instance, incident: incident.current ?? '', reason, attempt, fence: String(fence) };
      const { ok, how, tookMs, output } = await runHook(one.hook, context, clock, signal);
      const facts = { ok, tookMs, ...(output !== undefined && { output }) };
      incident.take({ kind: 'acted', sentence: how, ...about, ...facts });
      if (ok) return;
    }
  }

  /** What we acted on serves again: its next loss is a new one. */
  private async returned(id: string, signal: AbortSignal): Promise<void> {
    const incident = this.incidents.get(id);
    if (incident?.current === undefined) return;
    const sentence = 'an agent vouches for it again';
    incident.take({ kind: 'verified', source: 'guardian', sentence });
    incident.take({ kind: 'rejoined', source: 'guardian', sentence });
    await this.ports.registry.writeSetting(markKey(this.options.service, id), null, signal).catch(() => undefined);
  }

  private incidentOf(instance: string): IncidentTracker {
    const { service, owner, stableAfterMs } = this.options;
    const known = this.incidents.get(instance);
    if (known !== undefined) return known;
    const made = new IncidentTracker({ service, instance, agent: owner }, stableAfterMs, this.ports);
    this.incidents.set(instance, made);
    return made;
  }
}

function lockKey(service: string, instance: string): string {
  return `understudy/guardian/${service}/${instance}`;
}

function markKey(service: string, instance: string): string {
  return `understudy/guardian-marks/${service}/${instance}`;
}
