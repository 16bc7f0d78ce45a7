/**
 * The registry port on Consul: one object for one Consul agent, whose watches of the same question share one blocking
 * query. It holds no rule of its own; membership, reads, watches and locks each stand in their file.
 */
import type { BeatHealth } from '../../core/domain/health';
import type { Instance } from '../../core/domain/instance';
import type { Snapshot } from '../../core/domain/snapshot';
import { DEFAULT_WATCH, type WatchOptions } from '../../core/decide/watch-step';
import type { Clock, Rng } from '../../core/time/clock';
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
import { ConsulHttp, type ConsulHttpOptions } from './consul-http';
import { objectIn, textIn } from './consul-json';
import { ConsulKeyValues } from './consul-key-values';
import { ConsulLocks } from './consul-locks';
import { ConsulMembership } from './consul-membership';
import { ConsulReads, HealthReader } from './consul-reads';
import { ConsulWatch } from './consul-watch';

export interface ConsulRegistryOptions extends ConsulHttpOptions {
  /** Default datacenter of reads. Registrations go to the agent's own; locks too. */
  readonly datacenter?: string | undefined;
  readonly watch?: Partial<WatchOptions>;
  /** Of this package, for people who look into the catalog. */
  readonly version: string;
}

export interface ConsulRegistryPorts {
  readonly clock: Clock;
  readonly rng: Rng;
}

/** One read at index 0, as for a first look. */
const NOW = { index: 0n, waitMs: 0, consistent: false } as const;

export class ConsulRegistry implements Registry {
  private readonly http: ConsulHttp;
  private readonly membership: ConsulMembership;
  private readonly reads: ConsulReads;
  private readonly locks: ConsulLocks;
  private readonly keyValues: ConsulKeyValues;
  private readonly watches = new Map<string, ConsulWatch>();
  private readonly closing = new AbortController();
  private readonly watchOptions: WatchOptions;

  constructor(
    options: ConsulRegistryOptions,
    private readonly ports: ConsulRegistryPorts,
  ) {
    this.http = new ConsulHttp(options, ports.clock);
    this.membership = new ConsulMembership(this.http, options.version);
    this.reads = new ConsulReads(this.http, options.datacenter, options.timeoutMs);
    this.locks = new ConsulLocks({ http: this.http, ...ports }, options.timeoutMs);
    this.watchOptions = { ...DEFAULT_WATCH, ...options.watch };
    const loop = { ...ports, options: this.watchOptions };
    this.keyValues = new ConsulKeyValues(this.http, options.datacenter, options.timeoutMs, loop);
  }

  get description(): string {
    return this.http.description;
  }

  register(registration: Registration, signal?: AbortSignal): Promise<void> {
    return this.membership.register(registration, signal);
  }

  beat(instanceId: string, health: BeatHealth, reason: string, signal?: AbortSignal): Promise<void> {
    return this.membership.beat(instanceId, health, reason, signal);
  }

  deregister(instanceId: string, signal?: AbortSignal): Promise<void> {
    return this.membership.deregister(instanceId, signal);
  }

  setMaintenance(instanceId: string, on: boolean, reason: string, signal?: AbortSignal): Promise<void> {
    return this.membership.setMaintenance(instanceId, on, reason, signal);
  }

  registered(signal?: AbortSignal): Promise<readonly Instance[]> {
    return this.membership.registered(signal);
  }

  async snapshot(query: WatchQuery, signal?: AbortSignal): Promise<Snapshot> {
    return (await this.reads.service(query, NOW, new HealthReader(), signal)).snapshot;
  }

  watch(query: WatchQuery, listener: CatalogListener, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.http.isClosed()) return Promise.resolve();
    const key = JSON.stringify([query.service, query.tag, query.datacenter]);
    const watch = this.watches.get(key) ?? this.startWatch(key, query);
    return new Promise((resolve) => {
      const end = (): void => {
        signal.removeEventListener('abort', end);
        leave();
        if (watch.idle) {
          watch.stop();
          // A stopped watch may already have a successor under the same key.
          if (this.watches.get(key) === watch) this.watches.delete(key);
        }
        resolve();
      };
      const leave = watch.join(listener, end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  services(signal?: AbortSignal): Promise<readonly string[]> {
    return this.reads.services(signal);
  }

  acquire(options: LockOptions, signal: AbortSignal): Promise<Lease> {
    return this.locks.acquire(options, signal);
  }

  followSetting(key: string, listener: (event: SettingEvent) => void, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.closing.signal]);
    return either.aborted ? Promise.resolve() : this.keyValues.followSetting(key, listener, either);
  }

  writeSetting(key: string, text: string | null, signal?: AbortSignal): Promise<void> {
    return this.keyValues.writeSetting(key, text, signal);
  }

  async ping(signal?: AbortSignal): Promise<RegistryInfo> {
    const self = await this.http.request({ operation: 'ping', method: 'GET', path: '/agent/self' }, signal);
    const version = textIn(objectIn(self.body, 'Config'), 'Version');
    if (version === '') throw new RegistryError('unavailable', `${this.description}: ping: the answer is not Consul's`);
    return { version, leader: await this.hasLeader(signal) };
  }

  async close(): Promise<void> {
    this.closing.abort();
    for (const watch of this.watches.values()) watch.stop();
    await this.locks.close();
    this.http.close();
  }

  private startWatch(key: string, query: WatchQuery): ConsulWatch {
    const watch = new ConsulWatch(query, { reads: this.reads, ...this.ports, options: this.watchOptions });
    this.watches.set(key, watch);
    void watch.run();
    return watch;
  }

  /** Without a leader newer Consuls answer with an error, older ones with an empty text. */
  private async hasLeader(signal?: AbortSignal): Promise<boolean> {
    const { status, body } = await this.http.request(
      { operation: 'ping', method: 'GET', path: '/status/leader', expect: [500] },
      signal,
    );
    return status === 200 && typeof body === 'string' && body.includes(':');
  }
}
