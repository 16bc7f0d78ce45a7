/**
 * A watch on a registry, with everything that it told. Views are compared as text: `a:passing b:critical`.
 */
import type { Snapshot } from '../../core/domain/snapshot';
import type { Catalog, CatalogEvent, WatchQuery } from '../../registry/port';
import { until } from '../../scripts/chaos/until';

export class Followed {
  readonly events: CatalogEvent[] = [];
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;

  constructor(registry: Pick<Catalog, 'watch'>, query: WatchQuery) {
    this.ended = registry.watch(query, (event) => this.events.push(event), this.stopping.signal);
  }

  /** The view told last; undefined before the first. */
  view(): string | undefined {
    const last = this.events.findLast((event) => event.type === 'snapshot');
    return last && viewText(last.snapshot);
  }

  /** The kinds of event, in order. */
  types(): readonly CatalogEvent['type'][] {
    return this.events.map(({ type }) => type);
  }

  async end(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }
}

export async function expectView(followed: Followed, view: string): Promise<void> {
  await until(() => followed.view() === view, { what: `the watch to show "${view}"`, timeoutMs: 20_000 });
}

export function viewText({ instances }: Snapshot): string {
  return instances.map(({ id, health }) => `${id}:${health}`).join(' ');
}
