/**
 * Follows one service and tells every listener that shares it: one loop serves any number of listeners.
 */
import type { WatchRequest, WatchStep } from '../../core/decide/watch-step';
import type { Snapshot } from '../../core/domain/snapshot';
import type { CatalogEvent, CatalogListener, WatchQuery } from '../port';
import { contentHash } from '../snapshot';
import { blockingLoop, type Asked, type BlockingAnswer, type LoopPorts } from './blocking-loop';
import { HealthReader, type ConsulReads } from './consul-reads';

export interface WatchPorts extends LoopPorts {
  readonly reads: Pick<ConsulReads, 'service'>;
}

interface Listener {
  readonly tell: CatalogListener;
  /** The watch was stopped under it. */
  readonly ended: () => void;
  /** Has been told nothing yet. */
  fresh: boolean;
}

export class ConsulWatch {
  private readonly listeners = new Set<Listener>();
  private readonly stopping = new AbortController();
  private readonly reader = new HealthReader();
  private last: Snapshot | undefined;
  private trouble: CatalogEvent | undefined;

  constructor(
    private readonly query: WatchQuery,
    private readonly ports: WatchPorts,
  ) {}

  /** Tells `tell` everything from now on, beginning with the view that is already known. Returns how to leave. */
  join(tell: CatalogListener, ended: () => void): () => void {
    const listener: Listener = { tell, ended, fresh: true };
    this.listeners.add(listener);
    // Not inside the caller's own call: it may not be ready to hear yet.
    queueMicrotask(() => {
      if (!listener.fresh || !this.listeners.has(listener)) return;
      if (this.last !== undefined) deliver(listener, { type: 'snapshot', snapshot: this.last });
      if (this.trouble !== undefined) deliver(listener, this.trouble);
    });
    return () => {
      this.listeners.delete(listener);
    };
  }

  get idle(): boolean {
    return this.listeners.size === 0;
  }

  /** Ends the watch for every listener; idempotent. */
  stop(): void {
    this.stopping.abort();
    for (const listener of [...this.listeners]) listener.ended();
  }

  /** Runs until stop(); never rejects. */
  run(): Promise<void> {
    const { signal } = this.stopping;
    return blockingLoop(
      (request) => this.read(request),
      (step, asked) => this.tell(step, asked),
      this.ports,
      signal,
    );
  }

  private async read(request: WatchRequest): Promise<BlockingAnswer<Snapshot>> {
    const { snapshot, index } = await this.ports.reads.service(this.query, request, this.reader, this.stopping.signal);
    return { value: snapshot, index, hash: contentHash(snapshot), empty: snapshot.instances.length === 0 };
  }

  private tell(step: WatchStep, asked: Asked<Snapshot>): void {
    if (step.trouble !== undefined && 'error' in asked) {
      this.trouble = { type: 'trouble', error: asked.error, failures: step.trouble };
      this.publish(this.trouble);
    }
    if (step.recoveredAfterMs !== undefined) {
      this.trouble = undefined;
      this.publish({ type: 'recovered', awayMs: step.recoveredAfterMs });
    }
    if (step.tellSnapshot && 'answer' in asked) {
      this.last = asked.answer.value;
      this.publish({ type: 'snapshot', snapshot: this.last });
    }
  }

  private publish(event: CatalogEvent): void {
    for (const listener of [...this.listeners]) {
      // Who joined just now would otherwise hear `recovered` of a trouble, and never the view before it.
      const first = listener.fresh && event.type !== 'snapshot' ? this.last : undefined;
      if (first !== undefined) deliver(listener, { type: 'snapshot', snapshot: first });
      if (this.listeners.has(listener)) deliver(listener, event);
    }
  }
}

/** A listener that throws must harm neither the watch nor the other listeners. */
function deliver(listener: Listener, event: CatalogEvent): void {
  listener.fresh = false;
  try {
    listener.tell(event);
  } catch (error) {
    process.emitWarning(`a listener of a watch threw: ${String(error)}`);
  }
}
