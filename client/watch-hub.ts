/**
 * Shares one watch per service among all channels of a process, and keeps it for a while when the last channel goes
 * idle. Consul allows 200 connections per client address; and a channel that wakes up finds the last view at once.
 */
import { settingsKey } from '../core/domain/order';
import type { Clock } from '../core/time/clock';
import { openRegistry, type RegistryConfig } from '../registry/factory';
import type { CatalogEvent, CatalogListener, Registry, SettingEvent } from '../registry/port';
import type { KeptViews } from './kept-views';
import type { Target } from './target';

/** How long an unused watch stays, ms. Longer than a restart, far shorter than grpc-js's 30 min idle time. */
const LINGER_MS = 300_000;

export interface WatchHubParts {
  readonly clock: Clock;
  /** A registry of the caller's own, or how to reach Consul. */
  readonly registry: Registry | RegistryConfig;
  readonly env: NodeJS.ProcessEnv;
  /** Keeps views for a start without the registry; null: nobody does. */
  readonly keptViews: KeptViews | null;
}

export interface Subscription {
  unsubscribe(): void;
}

export class WatchHub {
  private readonly registries = new Map<string, Registry>();
  private readonly watches = new Map<string, SharedWatch<CatalogEvent>>();
  private readonly settings = new Map<string, SharedWatch<SettingEvent>>();

  constructor(private readonly parts: WatchHubParts) {}

  /** Opens the registry of a target. Throws what is wrong with its configuration. */
  registryOf(target: Target): Registry {
    const { registry, env } = this.parts;
    if (isRegistry(registry)) return registry;
    const key = target.registryAddress ?? '';
    const known = this.registries.get(key);
    if (known !== undefined) return known;
    const config = target.registryAddress === null ? registry : { ...registry, address: target.registryAddress };
    const opened = openRegistry({ ...config, unrefSockets: true }, env);
    this.registries.set(key, opened);
    return opened;
  }

  /** Tells `listener` the last snapshot (in a later tick) and every event from then on. */
  subscribe(target: Target, listener: CatalogListener): Subscription {
    const registry = this.registryOf(target);
    const key = JSON.stringify([target.registryAddress, target.query]);
    const watch: Watch<CatalogEvent> = (tell, signal) => registry.watch(target.query, tell, signal);
    const { keptViews } = this.parts;
    const kept = keptViews?.around(registry.description, target.query, watch) ?? watch;
    return this.join(this.watches, key, kept, listener);
  }

  /** The same for what operators set for the service. */
  subscribeSettings(target: Target, listener: (event: SettingEvent) => void): Subscription {
    const registry = this.registryOf(target);
    const key = JSON.stringify([target.registryAddress, target.query.service]);
    const watch: Watch<SettingEvent> = (tell, signal) =>
      registry.followSetting(settingsKey(target.query.service), tell, signal);
    return this.join(this.settings, key, watch, listener);
  }

  /** Ends all watches, and the registries that were opened here. */
  async close(): Promise<void> {
    for (const watch of [...this.watches.values(), ...this.settings.values()]) watch.stop();
    const opened = [...this.registries.values()];
    this.registries.clear();
    await Promise.all([...opened.map((registry) => registry.close()), this.parts.keptViews?.close()]);
  }

  private join<Event extends WatchEvent>(
    watches: Map<string, SharedWatch<Event>>,
    key: string,
    watch: Watch<Event>,
    listener: (event: Event) => void,
  ): Subscription {
    let shared = watches.get(key);
    if (shared === undefined) {
      shared = new SharedWatch(watch, this.parts.clock, () => watches.delete(key));
      watches.set(key, shared);
    }
    return shared.add(listener);
  }
}

interface WatchEvent {
  readonly type: string;
}

type Watch<Event> = (tell: (event: Event) => void, signal: AbortSignal) => Promise<void>;

class SharedWatch<Event extends WatchEvent> {
  private readonly listeners = new Set<(event: Event) => void>();
  private readonly abort = new AbortController();
  private last: Event | null = null;
  private started = false;
  private cancelLinger: () => void = () => undefined;

  constructor(
    private readonly watch: Watch<Event>,
    private readonly clock: Clock,
    private readonly onEnd: () => void,
  ) {}

  add(listener: (event: Event) => void): Subscription {
    this.cancelLinger();
    this.listeners.add(listener);
    if (this.last !== null) this.tellLater(listener, this.last);
    if (!this.started) {
      this.started = true;
      void this.watch((event) => this.tell(event), this.abort.signal);
    }
    return { unsubscribe: () => this.remove(listener) };
  }

  stop(): void {
    this.cancelLinger();
    this.abort.abort();
    this.onEnd();
  }

  private remove(listener: (event: Event) => void): void {
    if (!this.listeners.delete(listener) || this.listeners.size > 0) return;
    this.cancelLinger = this.clock.after(LINGER_MS, () => this.stop());
  }

  private tell(event: Event): void {
    if (isState(event) || (event.type === 'trouble' && (this.last === null || !isState(this.last)))) this.last = event;
    for (const listener of this.listeners) listener(event);
  }

  private tellLater(listener: (event: Event) => void, event: Event): void {
    process.nextTick(() => {
      if (this.listeners.has(listener)) listener(event);
    });
  }
}

/** What newcomers must know; trouble matters to them only while there is nothing else. */
function isState({ type }: WatchEvent): boolean {
  return type === 'snapshot' || type === 'text';
}

function isRegistry(registry: Registry | RegistryConfig): registry is Registry {
  return 'watch' in registry;
}
