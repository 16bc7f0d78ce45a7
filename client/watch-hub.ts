/**
 * Shares one watch per service among all channels of a process, and keeps it for a while when the last channel goes
 * idle. Consul allows 200 connections per client address; and a channel that wakes up finds the last view at once.
 */
import type { Clock } from '../core/time/clock';
import { openRegistry, type RegistryConfig } from '../registry/factory';
import type { CatalogEvent, CatalogListener, Registry } from '../registry/port';
import type { Target } from './target';

/** How long an unused watch stays, ms. Longer than a restart, far shorter than grpc-js's 30 min idle time. */
const LINGER_MS = 300_000;

export interface WatchHubParts {
  readonly clock: Clock;
  /** A registry of the caller's own, or how to reach Consul. */
  readonly registry: Registry | RegistryConfig;
  readonly env: NodeJS.ProcessEnv;
}

export interface Subscription {
  readonly registryDescription: string;
  unsubscribe(): void;
}

export class WatchHub {
  private readonly registries = new Map<string, Registry>();
  private readonly watches = new Map<string, SharedWatch>();

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
    const key = JSON.stringify([target.registryAddress, target.query]);
    const registry = this.registryOf(target);
    let watch = this.watches.get(key);
    if (watch === undefined) {
      watch = new SharedWatch(registry, target.query, this.parts.clock, () => this.watches.delete(key));
      this.watches.set(key, watch);
    }
    const shared = watch;
    shared.add(listener);
    return { registryDescription: registry.description, unsubscribe: () => shared.remove(listener) };
  }

  /** Ends all watches, and the registries that were opened here. */
  async close(): Promise<void> {
    for (const watch of this.watches.values()) watch.stop();
    this.watches.clear();
    const opened = [...this.registries.values()];
    this.registries.clear();
    await Promise.all(opened.map((registry) => registry.close()));
  }
}

class SharedWatch {
  private readonly listeners = new Set<CatalogListener>();
  private readonly abort = new AbortController();
  private last: CatalogEvent | null = null;
  private started = false;
  private cancelLinger: () => void = () => undefined;

  constructor(
    private readonly registry: Registry,
    private readonly query: Target['query'],
    private readonly clock: Clock,
    private readonly onEnd: () => void,
  ) {}

  add(listener: CatalogListener): void {
    this.cancelLinger();
    this.listeners.add(listener);
    if (this.last !== null) this.tellLater(listener, this.last);
    if (this.started) return;
    this.started = true;
    void this.registry.watch(this.query, (event) => this.tell(event), this.abort.signal);
  }

  remove(listener: CatalogListener): void {
    if (!this.listeners.delete(listener) || this.listeners.size > 0) return;
    this.cancelLinger = this.clock.after(LINGER_MS, () => this.stop());
  }

  stop(): void {
    this.cancelLinger();
    this.abort.abort();
    this.onEnd();
  }

  private tell(event: CatalogEvent): void {
    // Trouble matters to newcomers only while there is no view at all.
    if (event.type === 'snapshot' || (event.type === 'trouble' && this.last?.type !== 'snapshot')) this.last = event;
    for (const listener of this.listeners) listener(event);
  }

  private tellLater(listener: CatalogListener, event: CatalogEvent): void {
    process.nextTick(() => {
      if (this.listeners.has(listener)) listener(event);
    });
  }
}

function isRegistry(registry: Registry | RegistryConfig): registry is Registry {
  return 'watch' in registry;
}
