/**
 * A registry inside the process, on whatever clock it is given: for unit tests and for simulation. It keeps every promise
 * of the port, and has switches for the troubles that real registries make. It knows one datacenter only.
 */
import type { EmptyRuleOptions } from '../../core/decide/watch-empty';
import { DEFAULT_WATCH } from '../../core/decide/watch-step';
import type { BeatHealth } from '../../core/domain/health';
import type { CatalogEntry, Instance } from '../../core/domain/instance';
import type { Snapshot } from '../../core/domain/snapshot';
import type { Clock } from '../../core/time/clock';
import {
  RegistryError,
  type CatalogListener,
  type Lease,
  type LockOptions,
  type Registration,
  type Registry,
  type RegistryInfo,
  type SettingEvent,
  type WatchQuery,
} from '../port';
import { addedTags, buildSnapshot } from '../snapshot';
import { MemoryLocks } from './memory-locks';
import { MemorySettings } from './memory-settings';
import { MemoryWatch } from './memory-watch';

interface Entry {
  readonly registration: Registration;
  health: BeatHealth;
  reason: string;
  lost: boolean;
  maintenance: string | undefined;
  cancelTtl: () => void;
  cancelReaping: (() => void) | undefined;
}

export class MemoryRegistry implements Registry {
  readonly description = 'memory registry';
  private readonly entries = new Map<string, Entry>();
  private readonly watches = new Set<MemoryWatch>();
  private readonly locks: MemoryLocks;
  private readonly settings = new MemorySettings(() => this.away);
  private readonly rule: EmptyRuleOptions;
  private readonly closing = new AbortController();
  private index = 1n;
  private away = false;
  private emptyAnswers = false;

  constructor(
    private readonly clock: Clock,
    rule: Partial<EmptyRuleOptions> = {},
  ) {
    this.rule = { ...DEFAULT_WATCH, ...rule };
    this.locks = new MemoryLocks(clock, () => this.away);
  }

  /** Trouble: nothing is answered. What is registered goes on aging. */
  setAway(away: boolean): void {
    if (this.away === away) return;
    this.away = away;
    for (const watch of [...this.watches]) watch.refresh();
    this.settings.refresh();
    if (!away) this.locks.admitWaiters();
  }

  /** Trouble: every read says that nobody is there, though they are. */
  setEmptyAnswers(on: boolean): void {
    this.emptyAnswers = on;
    for (const watch of [...this.watches]) watch.refresh();
  }

  /** Trouble: it loses all that it knew, as a Consul agent that lost its disk. */
  forget(): void {
    for (const id of [...this.entries.keys()]) this.drop(id);
    this.index += 1n;
    this.locks.forget();
    this.settings.forget();
    for (const watch of [...this.watches]) watch.shake();
  }

  register(registration: Registration, signal?: AbortSignal): Promise<void> {
    return this.answer('register', signal, () => {
      const { id, service } = registration.instance;
      const before = this.entries.get(id);
      this.drop(id);
      const entry: Entry = {
        registration,
        health: registration.health,
        reason: registration.reason,
        lost: false,
        maintenance: before?.maintenance,
        cancelTtl: () => undefined,
        cancelReaping: undefined,
      };
      this.entries.set(id, entry);
      this.say(entry, registration.health, registration.reason);
      if (before !== undefined && before.registration.instance.service !== service) {
        this.changed(before.registration.instance.service);
      }
    });
  }

  beat(instanceId: string, health: BeatHealth, reason: string, signal?: AbortSignal): Promise<void> {
    return this.answer('beat', signal, () => {
      this.say(this.known(instanceId), health, reason);
    });
  }

  deregister(instanceId: string, signal?: AbortSignal): Promise<void> {
    return this.answer('deregister', signal, () => {
      const entry = this.entries.get(instanceId);
      if (entry === undefined) return;
      this.drop(instanceId);
      this.changed(entry.registration.instance.service);
    });
  }

  setMaintenance(instanceId: string, on: boolean, reason: string, signal?: AbortSignal): Promise<void> {
    return this.answer('maintenance', signal, () => {
      const entry = this.known(instanceId);
      entry.maintenance = on ? reason : undefined;
      this.changed(entry.registration.instance.service);
    });
  }

  registered(signal?: AbortSignal): Promise<readonly Instance[]> {
    return this.answer('list', signal, () => [...this.entries.values()].map((entry) => entry.registration.instance));
  }

  snapshot(query: WatchQuery, signal?: AbortSignal): Promise<Snapshot> {
    return this.answer('read', signal, () => this.read(query));
  }

  watch(query: WatchQuery, listener: CatalogListener, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.closing.signal]);
    if (either.aborted) return Promise.resolve();
    const read = (asked: WatchQuery): Snapshot => {
      this.refuseWhenAway('watch');
      return this.read(asked);
    };
    const watch = new MemoryWatch(query, listener, { clock: this.clock, rule: this.rule, read });
    this.watches.add(watch);
    // Not inside the caller's own call: it may not be ready to hear yet.
    queueMicrotask(() => {
      watch.refresh();
    });
    return new Promise((resolve) => {
      const end = (): void => {
        watch.stop();
        this.watches.delete(watch);
        resolve();
      };
      either.addEventListener('abort', end, { once: true });
    });
  }

  services(signal?: AbortSignal): Promise<readonly string[]> {
    return this.answer('list of services', signal, () =>
      [...new Set([...this.entries.values()].map((entry) => entry.registration.instance.service))].sort(),
    );
  }

  acquire(options: LockOptions, signal: AbortSignal): Promise<Lease> {
    return this.locks.acquire(options, AbortSignal.any([signal, this.closing.signal]));
  }

  followSetting(key: string, listener: (event: SettingEvent) => void, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.closing.signal]);
    return either.aborted ? Promise.resolve() : this.settings.follow(key, listener, either);
  }

  writeSetting(key: string, text: string | null, signal?: AbortSignal): Promise<void> {
    return this.answer('write', signal, () => this.settings.write(key, text));
  }

  ping(signal?: AbortSignal): Promise<RegistryInfo> {
    return this.answer('ping', signal, () => ({ version: '0', leader: true }));
  }

  close(): Promise<void> {
    this.locks.close();
    this.closing.abort(new RegistryError('unavailable', `${this.description}: it is closed`));
    for (const id of [...this.entries.keys()]) this.drop(id);
    return Promise.resolve();
  }

  private async answer<T>(operation: string, signal: AbortSignal | undefined, act: () => T): Promise<T> {
    signal?.throwIfAborted();
    // Even the nearest registry answers later, never inside the call.
    await Promise.resolve();
    signal?.throwIfAborted();
    this.refuseWhenAway(operation);
    return act();
  }

  private refuseWhenAway(operation: string): void {
    this.closing.signal.throwIfAborted();
    if (this.away) throw new RegistryError('unavailable', `${this.description}: ${operation}: it is away`);
  }

  private known(instanceId: string): Entry {
    const entry = this.entries.get(instanceId);
    if (entry !== undefined) return entry;
    throw new RegistryError('unknown-instance', `${this.description}: ${instanceId} is not registered`);
  }

  private read(query: WatchQuery): Snapshot {
    const entries = this.emptyAnswers ? [] : [...this.entries.values()].filter((entry) => matches(entry, query));
    return buildSnapshot(query.service, String(this.index), entries.map(catalogEntry));
  }

  private say(entry: Entry, health: BeatHealth, reason: string): void {
    const { ttlMs } = entry.registration;
    entry.cancelTtl();
    entry.cancelTtl = this.clock.after(ttlMs, () => {
      this.judge(entry, 'critical', `no beat for ${ttlMs} ms (the last one said: ${entry.reason})`, true);
    });
    this.judge(entry, health, reason);
  }

  private judge(entry: Entry, health: BeatHealth, reason: string, lost = false): void {
    const { instance, deregisterAfterMs } = entry.registration;
    entry.health = health;
    entry.reason = reason;
    entry.lost = lost;
    if (health === 'critical') {
      entry.cancelReaping ??= this.clock.after(deregisterAfterMs, () => {
        this.drop(instance.id);
        this.changed(instance.service);
      });
    } else {
      entry.cancelReaping?.();
      entry.cancelReaping = undefined;
    }
    this.changed(instance.service);
  }

  private drop(instanceId: string): void {
    const entry = this.entries.get(instanceId);
    entry?.cancelTtl();
    entry?.cancelReaping?.();
    this.entries.delete(instanceId);
  }

  private changed(service: string): void {
    this.index += 1n;
    for (const watch of [...this.watches]) if (watch.query.service === service) watch.refresh();
  }
}

function matches({ registration: { instance } }: Entry, { service, tag }: WatchQuery): boolean {
  if (instance.service !== service) return false;
  return tag === undefined || instance.tags.includes(tag) || addedTags(instance.tier).includes(tag);
}

function catalogEntry({ registration, health, reason, lost, maintenance }: Entry): CatalogEntry {
  return maintenance === undefined
    ? { ...registration.instance, health, reason, ...(lost && { lost }) }
    : { ...registration.instance, health: 'maintenance', reason: maintenance };
}
