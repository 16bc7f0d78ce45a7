/**
 * Follows services by the registry's watch and tells a new view whenever something changed. What was seen once stays: a
 * registry that does not answer changes nothing but `away`, and a service whose last instance left is shown as empty.
 */
import type { Clock } from '../core/time/clock';
import { RegistryError, type CatalogEvent } from '../registry/port';
import { sleep } from '../runtime/sleep';
import { readRegistry, userServices, type StatusSource } from './status-read';
import { statusReport, type StatusView } from './status-report';

export interface StatusWatchPorts {
  readonly source: StatusSource;
  readonly clock: Clock;
  /** Called for every view that differs from the one before. */
  readonly onView: (view: StatusView) => void;
}

/** Version, leader and new services are no part of a watch: they are looked up this often. */
const LOOK_EVERY_MS = 5000;
/** The look-ups' place among the services' troubles; no service is called so. */
const LOOK = '';

export class StatusWatch {
  private view: StatusView;
  private told: string;
  private readonly troubles = new Map<string, NonNullable<StatusView['away']>>();
  private readonly running = new Map<string, Promise<void>>();

  /** @param service undefined: all, those that are registered later too */
  constructor(
    first: StatusView,
    private readonly service: string | undefined,
    private readonly ports: StatusWatchPorts,
  ) {
    this.view = first;
    this.told = whatIsSeen(first);
  }

  /** Resolves when `signal` aborts, with nothing left behind; never rejects because of the registry. */
  async run(signal: AbortSignal): Promise<void> {
    for (const { service } of this.view.services) this.follow(service, signal);
    for (;;) {
      await sleep(this.ports.clock, LOOK_EVERY_MS, signal);
      if (signal.aborted) break;
      await this.look(signal);
    }
    await Promise.all(this.running.values());
  }

  private follow(service: string, signal: AbortSignal): void {
    if (this.running.has(service)) return;
    const hear = (event: CatalogEvent): void => this.hear(service, event);
    this.running.set(service, this.ports.source.watch({ service }, hear, signal));
  }

  private hear(service: string, event: CatalogEvent): void {
    if (event.type === 'trouble') {
      this.inTrouble(service, event.error);
      return;
    }
    this.troubles.delete(service);
    this.troubles.delete(LOOK);
    if (event.type === 'snapshot') {
      const news = { service, instances: event.snapshot.instances };
      const others = this.view.services.filter((one) => one.service !== service);
      const services = [...others, news].sort((a, b) => (a.service < b.service ? -1 : 1));
      this.view = { ...this.view, services };
    }
    this.tell();
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { source } = this.ports;
    try {
      const { registry } = await readRegistry(source, signal);
      const registered = await userServices(source, signal);
      this.troubles.delete(LOOK);
      this.view = { ...this.view, registry, registered };
      if (this.service === undefined) for (const name of registered) this.follow(name, signal);
      this.tell();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RegistryError)) throw error;
      this.inTrouble(LOOK, error);
    }
  }

  private inTrouble(who: string, { message }: RegistryError): void {
    // The first sentence stays: the later ones tell no more, and change with every try.
    if (!this.troubles.has(who)) {
      this.troubles.set(who, { reason: message, sinceUnixMs: this.ports.clock.unixMs() });
    }
    this.tell();
  }

  private tell(): void {
    const [away] = [...this.troubles.values()].sort((a, b) => a.sinceUnixMs - b.sinceUnixMs);
    this.view = { ...this.view, away };
    const seen = whatIsSeen(this.view);
    if (seen === this.told) return;
    this.told = seen;
    this.ports.onView(this.view);
  }
}

/** Equal for views that look the same at the same time. */
function whatIsSeen(view: StatusView): string {
  return JSON.stringify(statusReport(view, 0));
}
