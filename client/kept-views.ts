/**
 * Keeps the last view of each service on disk, so that a caller can start while the registry is away. A kept view is told
 * only when the registry gives none: it reports trouble, or says nothing for a while. What lies on disk is checked like
 * any other input, and nothing that goes wrong here ever disturbs a watch.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CatalogEntry } from '../core/domain/instance';
import type { Snapshot } from '../core/domain/snapshot';
import type { Clock } from '../core/time/clock';
import type { CatalogEvent, CatalogListener, WatchQuery } from '../registry/port';

/** A registry that answers at all does so far sooner. */
const PATIENCE_MS = 1_000;
const FORMAT = 1;

const entry = z.object({
  id: z.string().min(1),
  service: z.string(),
  address: z.string().min(1),
  port: z.int().min(1).max(65_535),
  tier: z.int().min(0),
  weight: z.int().min(1),
  epoch: z.number(),
  owner: z.string(),
  tags: z.array(z.string()),
  meta: z.record(z.string(), z.string()),
  health: z.enum(['passing', 'warning', 'critical', 'maintenance', 'missing']),
  reason: z.string(),
  lost: z.exactOptional(z.literal(true)),
}) satisfies z.ZodType<CatalogEntry>;

const file = z.object({
  format: z.literal(FORMAT),
  snapshot: z.object({ service: z.string(), index: z.string(), instances: z.array(entry) }),
});

type Watch = (tell: CatalogListener, signal: AbortSignal) => Promise<void>;

export class KeptViews {
  private readonly writing = new Map<string, { next: Snapshot | null; readonly done: Promise<void> }>();
  private complained = false;

  /** @param folder is made when there is something to keep */
  constructor(
    private readonly folder: string,
    private readonly clock: Clock,
  ) {}

  /** The same watch, with a kept view at its beginning if there has to be one. */
  around(registryAddress: string, query: WatchQuery, watch: Watch): Watch {
    const path = this.pathOf(registryAddress, query);
    return async (tell, signal) => {
      let begun = false;
      const begin = (): void => {
        if (begun || signal.aborted) return;
        begun = true;
        const snapshot = this.read(path, query.service);
        if (snapshot !== null) tell({ type: 'snapshot', snapshot });
      };
      const cancel = this.clock.after(PATIENCE_MS, begin);
      const take = (event: CatalogEvent): void => {
        if (event.type === 'trouble') begin();
        if (event.type === 'snapshot') {
          begun = true;
          this.keep(path, event.snapshot);
        }
        tell(event);
      };
      await watch(take, signal).finally(cancel);
    };
  }

  /** Resolves when what was seen last is on disk. */
  async close(): Promise<void> {
    await Promise.all([...this.writing.values()].map(({ done }) => done));
  }

  /** Of several views in a row the last one is kept; who keeps nobody has nothing to start with. */
  private keep(path: string, snapshot: Snapshot): void {
    if (snapshot.instances.length === 0) return;
    const running = this.writing.get(path);
    if (running !== undefined) {
      running.next = snapshot;
      return;
    }
    const done = this.writeAll(path, snapshot)
      .catch((error: unknown) => this.complain(path, error))
      .finally(() => this.writing.delete(path));
    this.writing.set(path, { next: null, done });
  }

  private async writeAll(path: string, first: Snapshot): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    for (let snapshot: Snapshot | null = first; snapshot !== null;) {
      const beside = `${path}.${process.pid}`;
      await writeFile(beside, JSON.stringify({ format: FORMAT, snapshot }), { mode: 0o600 });
      await rename(beside, path);
      const writing = this.writing.get(path);
      snapshot = writing?.next ?? null;
      if (writing !== undefined) writing.next = null;
    }
  }

  private read(path: string, service: string): Snapshot | null {
    try {
      const { snapshot } = file.parse(JSON.parse(readFileSync(path, 'utf8')));
      if (snapshot.service !== service) throw new Error(`it is a view of ${snapshot.service}`);
      return snapshot;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.complain(path, error);
      return null;
    }
  }

  private pathOf(registryAddress: string, query: WatchQuery): string {
    const key = JSON.stringify([registryAddress, query.service, query.tag, query.datacenter]);
    const mark = createHash('sha256').update(key).digest('hex').slice(0, 12);
    return join(this.folder, `${encodeURIComponent(query.service)}.${mark}.json`);
  }

  private complain(path: string, error: unknown): void {
    if (this.complained) return;
    this.complained = true;
    const what = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    process.emitWarning(`the view kept in ${path} cannot be used: ${what}`, 'UnderstudyWarning');
  }
}
