/**
 * Follows one service and tells every listener that shares it. All rules of when to ask and what to tell stand in
 * core/decide/watch-step.ts; this loop sends, waits and tells. One loop serves any number of listeners.
 */
import {
  nextWatchStep,
  startWatch,
  type WatchEvent,
  type WatchOptions,
  type WatchState,
} from '../../core/decide/watch-step';
import type { Snapshot } from '../../core/domain/snapshot';
import type { Clock, Rng } from '../../core/time/clock';
import { sleep } from '../../runtime/sleep';
import { RegistryError, type CatalogEvent, type CatalogListener, type WatchQuery } from '../port';
import { contentHash } from '../snapshot';
import type { ConsulReads } from './consul-reads';

export interface WatchPorts {
  readonly reads: Pick<ConsulReads, 'service'>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly options: WatchOptions;
}

interface Listener {
  readonly tell: CatalogListener;
  /** The watch was stopped under it. */
  readonly ended: () => void;
  /** Has been told nothing yet. */
  fresh: boolean;
}

type Answer =
  | { readonly event: WatchEvent & { type: 'answered' }; readonly snapshot: Snapshot }
  | { readonly event: WatchEvent & { type: 'failed' }; readonly error: RegistryError };

export class ConsulWatch {
  private readonly listeners = new Set<Listener>();
  private readonly stopping = new AbortController();
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
  async run(): Promise<void> {
    const { clock, rng, options } = this.ports;
    const { signal } = this.stopping;
    let state = startWatch(options, clock.nowMs());
    for (;;) {
      if (state.request.delayMs > 0) await sleep(clock, state.request.delayMs, signal);
      const answer = await this.ask(state);
      if (signal.aborted) return;
      const step = nextWatchStep(state, answer.event, options, clock.nowMs(), rng);
      ({ state } = step);
      this.tell(step, answer);
    }
  }

  private async ask(state: WatchState): Promise<Answer> {
    try {
      const { snapshot, index } = await this.ports.reads.service(this.query, state.request, this.stopping.signal);
      const hash = contentHash(snapshot);
      return { event: { type: 'answered', index, hash, empty: snapshot.instances.length === 0 }, snapshot };
    } catch (error) {
      const known = error instanceof RegistryError ? error : new RegistryError('unavailable', String(error));
      return { event: { type: 'failed' }, error: known };
    }
  }

  private tell(step: ReturnType<typeof nextWatchStep>, answer: Answer): void {
    if (step.trouble !== undefined && 'error' in answer) {
      this.trouble = { type: 'trouble', error: answer.error, failures: step.trouble };
      this.publish(this.trouble);
    }
    if (step.recoveredAfterMs !== undefined) {
      this.trouble = undefined;
      this.publish({ type: 'recovered', awayMs: step.recoveredAfterMs });
    }
    if (step.tellSnapshot && 'snapshot' in answer) {
      this.last = answer.snapshot;
      this.publish({ type: 'snapshot', snapshot: answer.snapshot });
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
