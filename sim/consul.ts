/**
 * A Consul as far as Understudy sees it: entries with TTL checks, an index, blocking reads, and slots. It has the troubles of
 * a real one: away, without a leader, empty answers, an index that starts again, all contents lost.
 */
import type { BeatHealth, Health } from '../core/domain/health';
import type { CatalogEntry, Instance } from '../core/domain/instance';
import type { Snapshot } from '../core/domain/snapshot';
import { RegistryError, type Registration } from '../registry/port';
import { buildSnapshot } from '../registry/snapshot';
import { ConsulSlots } from './consul-slots';
import type { Engine } from './engine';

interface Entry {
  readonly registration: Registration;
  health: BeatHealth;
  reason: string;
  maintenance: string | undefined;
  cancelTtl: () => void;
}

export interface Read {
  readonly index: bigint;
  readonly waitMs: number;
  readonly consistent: boolean;
}

export interface ReadAnswer {
  readonly snapshot: Snapshot;
  readonly index: string;
}

interface Waiter {
  readonly index: bigint;
  readonly answer: () => void;
}

/** What it has counted to in an ordinary life, and where it starts counting anew. */
const OLD_INDEX = 100_000n;
const FIRST_INDEX = 10n;

export class SimConsul {
  readonly slots: ConsulSlots;
  isAway = false;
  hasLeader = true;
  answersEmpty = false;
  /** When it last was in trouble, or lost what it knew. */
  lastTroubleMs = -Infinity;
  private readonly entries = new Map<string, Entry>();
  private index = OLD_INDEX;
  private waiters: Waiter[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly service: string,
  ) {
    this.slots = new ConsulSlots(engine);
  }

  /** Changes one of the switches above; those who wait are answered with what it is like now. */
  change(how: Partial<Pick<SimConsul, 'isAway' | 'hasLeader' | 'answersEmpty'>>): void {
    Object.assign(this, how);
    this.lastTroubleMs = this.engine.nowMs;
    this.changed();
  }

  wipe(): void {
    for (const entry of this.entries.values()) entry.cancelTtl();
    this.entries.clear();
    this.slots.forget();
    this.resetIndex();
  }

  resetIndex(): void {
    this.lastTroubleMs = this.engine.nowMs;
    this.index = FIRST_INDEX;
    // A restore ends the queries that are blocked: the store that they watched is gone.
    for (const { answer } of this.waiters.splice(0)) answer();
  }

  register(registration: Registration): void {
    this.refuseWhenAway();
    const { id } = registration.instance;
    const before = this.entries.get(id);
    before?.cancelTtl();
    const { health, reason } = registration;
    const entry = { registration, health, reason, maintenance: before?.maintenance, cancelTtl: () => undefined };
    this.entries.set(id, entry);
    this.say(entry, health, reason);
    this.changed();
  }

  beat(id: string, health: BeatHealth, reason: string): void {
    this.refuseWhenAway();
    const entry = this.known(id);
    const changed = entry.health !== health || entry.maintenance !== undefined;
    this.say(entry, health, reason);
    if (changed) this.changed();
  }

  deregister(id: string): void {
    this.refuseWhenAway();
    this.entries.get(id)?.cancelTtl();
    if (this.entries.delete(id)) this.changed();
  }

  setMaintenance(id: string, on: boolean, reason: string): void {
    this.refuseWhenAway();
    this.known(id).maintenance = on ? reason : undefined;
    this.changed();
  }

  registered(): readonly Instance[] {
    this.refuseWhenAway();
    return [...this.entries.values()].map(({ registration }) => registration.instance);
  }

  /** For those who look from outside; undefined: it is not registered. */
  healthOf(id: string): Health | undefined {
    const entry = this.entries.get(id);
    return entry?.maintenance === undefined ? entry?.health : 'maintenance';
  }

  snapshot(): Snapshot {
    this.refuseWithoutLeader();
    return this.view();
  }

  /** A blocking read: answers when the index is above what was asked, or the wait is over. */
  read(request: Read, answer: (outcome: () => ReadAnswer) => void): void {
    let told = false;
    const tell = (): void => {
      if (told) return;
      told = true;
      answer(() => this.readNow());
    };
    const blocks = request.index > 0n && request.index >= this.index && !this.isAway && this.hasLeader;
    if (!blocks) {
      tell();
      return;
    }
    this.waiters.push({ index: request.index, answer: tell });
    this.engine.at(this.engine.nowMs + request.waitMs, tell);
  }

  refuseWithoutLeader(): void {
    this.refuseWhenAway();
    if (!this.hasLeader) throw new RegistryError('unavailable', 'Consul: No cluster leader');
  }

  private readNow(): ReadAnswer {
    this.refuseWithoutLeader();
    return { snapshot: this.view(), index: String(this.index) };
  }

  private view(): Snapshot {
    const entries = this.answersEmpty ? [] : [...this.entries.values()].map(catalogEntry);
    return buildSnapshot(this.service, String(this.index), entries);
  }

  private say(entry: Entry, health: BeatHealth, reason: string): void {
    const { ttlMs } = entry.registration;
    entry.health = health;
    entry.reason = reason;
    entry.cancelTtl();
    entry.cancelTtl = this.engine.at(this.engine.nowMs + ttlMs, () => {
      entry.health = 'critical';
      entry.reason = `no beat for ${ttlMs} ms`;
      this.changed();
    });
  }

  private changed(): void {
    this.index += 1n;
    this.wakeWaiters();
  }

  /** Consul looks at the index again whenever something changes; while it is in trouble nobody is kept waiting. */
  private wakeWaiters(): void {
    const inTrouble = this.isAway || !this.hasLeader;
    const [due, waiting] = [[] as Waiter[], [] as Waiter[]];
    for (const waiter of this.waiters) (inTrouble || waiter.index < this.index ? due : waiting).push(waiter);
    this.waiters = waiting;
    for (const { answer } of due) answer();
  }

  private known(id: string): Entry {
    const entry = this.entries.get(id);
    if (entry !== undefined) return entry;
    throw new RegistryError('unknown-instance', `Consul: ${id} is not registered`);
  }

  private refuseWhenAway(): void {
    if (this.isAway) throw new RegistryError('unavailable', 'Consul: connection refused');
  }
}

function catalogEntry({ registration, health, reason, maintenance }: Entry): CatalogEntry {
  return maintenance === undefined
    ? { ...registration.instance, health, reason }
    : { ...registration.instance, health: 'maintenance', reason: maintenance };
}
