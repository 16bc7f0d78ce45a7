/**
 * One process of the simulation, with its clock. It can be stopped for a while (what was due meanwhile comes late, all at
 * once), and it can die: then nothing of it ever runs again.
 */
import type { Clock } from '../core/time/clock';
import type { Engine } from './engine';

const UNIX_ORIGIN_MS = Date.UTC(2026, 0, 1);

export class SimProcess implements Clock {
  private alive = true;
  private stoppedUntilMs = 0;

  /** @param skewMs how far its wall clock is off */
  constructor(
    private readonly engine: Engine,
    private readonly skewMs = 0,
  ) {}

  get isStopped(): boolean {
    return this.engine.nowMs < this.stoppedUntilMs;
  }

  nowMs(): number {
    return this.engine.nowMs;
  }

  unixMs(): number {
    return UNIX_ORIGIN_MS + this.skewMs + this.engine.nowMs;
  }

  after(delayMs: number, fire: () => void): () => void {
    if (!Number.isFinite(delayMs)) throw new RangeError(`a timer cannot wait ${String(delayMs)} ms`);
    let cancelled = false;
    const disarm = this.engine.after(delayMs, () => {
      this.take(() => {
        if (!cancelled) fire();
      });
    });
    return () => {
      cancelled = true;
      disarm();
    };
  }

  afterArrivals(fire: () => void): void {
    this.after(0, fire);
  }

  /** Something from outside, or a timer: now, or when it runs again, or never. */
  take(fire: () => void): void {
    if (!this.alive) return;
    if (this.isStopped) this.engine.at(this.stoppedUntilMs, () => this.take(fire));
    else fire();
  }

  stopFor(ms: number): void {
    this.stoppedUntilMs = Math.max(this.stoppedUntilMs, this.engine.nowMs + ms);
  }

  die(): void {
    this.alive = false;
  }
}
