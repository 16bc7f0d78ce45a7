/**
 * One listener's view of a service in the memory registry. Told at once and in order, without a queue: in a simulation
 * everything happens at an exact virtual time. It follows the same rule for empty answers as the watch on Consul.
 */
import { judgeEmpty, type EmptyDoubt, type EmptyRuleOptions } from '../../core/decide/watch-empty';
import type { Snapshot } from '../../core/domain/snapshot';
import type { Clock } from '../../core/time/clock';
import type { CatalogEvent, CatalogListener, RegistryError, WatchQuery } from '../port';
import { contentHash } from '../snapshot';

const RETRY_MS = 1000;

export interface MemoryWatchPorts {
  readonly clock: Clock;
  readonly rule: EmptyRuleOptions;
  /** What the registry answers now. Throws a RegistryError when it is away. */
  readonly read: (query: WatchQuery) => Snapshot;
}

export class MemoryWatch {
  private told: string | undefined;
  private filled = false;
  private doubt: EmptyDoubt | undefined;
  private failures = 0;
  private troubleSinceMs: number | undefined;
  private troubleEndedAtMs: number | undefined;
  private cancelTimer: () => void = () => undefined;
  private stopped = false;

  constructor(
    readonly query: WatchQuery,
    private readonly listener: CatalogListener,
    private readonly ports: MemoryWatchPorts,
  ) {}

  /** Reads, and tells what is new. Called for every change of the service, and by the watch's own timer. */
  refresh(): void {
    if (this.stopped) return;
    this.cancelTimer();
    let snapshot: Snapshot;
    try {
      snapshot = this.ports.read(this.query);
    } catch (error) {
      this.fail(error as RegistryError);
      return;
    }
    if (this.troubleSinceMs !== undefined) this.recover(this.troubleSinceMs);
    this.judge(snapshot);
  }

  /** The registry lost its contents: for a while, nobody there may mean nobody there yet. */
  shake(): void {
    this.troubleEndedAtMs = this.ports.clock.nowMs();
    this.refresh();
  }

  stop(): void {
    this.stopped = true;
    this.cancelTimer();
  }

  private fail(error: RegistryError): void {
    this.troubleSinceMs ??= this.ports.clock.nowMs();
    this.failures += 1;
    this.refreshIn(RETRY_MS);
    this.tell({ type: 'trouble', error, failures: this.failures });
  }

  private recover(sinceMs: number): void {
    const nowMs = this.ports.clock.nowMs();
    this.troubleSinceMs = undefined;
    this.troubleEndedAtMs = nowMs;
    this.failures = 0;
    this.tell({ type: 'recovered', awayMs: nowMs - sinceMs });
  }

  private judge(snapshot: Snapshot): void {
    const empty = snapshot.instances.length === 0;
    if (empty) {
      const { doubt, troubleEndedAtMs, filled: wasFilled } = this;
      const answer = { wasFilled, consistent: true, doubt, troubleEndedAtMs };
      const decision = judgeEmpty(answer, this.ports.rule, this.ports.clock.nowMs());
      if (!decision.believe) {
        this.doubt = decision.doubt;
        this.refreshIn(decision.askAgainInMs);
        return;
      }
    }
    this.doubt = undefined;
    const hash = contentHash(snapshot);
    if (hash === this.told) return;
    this.told = hash;
    this.filled = !empty;
    this.tell({ type: 'snapshot', snapshot });
  }

  private refreshIn(delayMs: number): void {
    this.cancelTimer = this.ports.clock.after(delayMs, () => {
      this.refresh();
    });
  }

  private tell(event: CatalogEvent): void {
    if (!this.stopped) this.listener(event);
  }
}
