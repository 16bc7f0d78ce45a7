/**
 * A clock that moves only when a test says so. Timers run in the order of their time, then of their arming, each at
 * its own instant; a timer armed meanwhile runs too when it falls due within the same step.
 */
import type { Clock } from '../../core/time/clock';

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/** More timers in one step than any test means: something arms itself again without delay. */
const MOST_TIMERS_PER_STEP = 100_000;

export class VirtualClock implements Clock {
  /** Sorted by time; of the same time, the one armed first stands first. */
  private readonly timers: Timer[] = [];

  /** Both origins are arbitrary: a test that depends on their values depends on nothing real. */
  constructor(
    private monotonicMs = 1_000,
    private readonly unixOriginMs = Date.UTC(2026, 0, 1),
  ) {}

  nowMs(): number {
    return this.monotonicMs;
  }

  unixMs(): number {
    return this.unixOriginMs + this.monotonicMs;
  }

  after(delayMs: number, fire: () => void): () => void {
    if (!Number.isFinite(delayMs)) throw new RangeError(`a timer cannot wait ${String(delayMs)} ms`);
    const timer: Timer = { dueMs: this.monotonicMs + Math.max(0, delayMs), fire };
    this.timers.splice(this.placeAfter(timer.dueMs), 0, timer);
    return () => {
      const index = this.timers.indexOf(timer);
      if (index >= 0) this.timers.splice(index, 1);
    };
  }

  afterArrivals(fire: () => void): void {
    this.after(0, fire);
  }

  /** How many timers are armed. */
  pendingTimers(): number {
    return this.timers.length;
  }

  /** Moves time and runs what falls due, without giving promises a chance: for code that is synchronous. */
  advance(ms: number): void {
    const endMs = this.monotonicMs + ms;
    for (let fired = 0; this.fireNext(endMs); fired += 1) refuseEndless(fired);
    this.monotonicMs = Math.max(this.monotonicMs, endMs);
  }

  /** Like advance(), but lets every pending promise continue before the first timer and after each. */
  async advanceAsync(ms: number): Promise<void> {
    const endMs = this.monotonicMs + ms;
    await settle();
    for (let fired = 0; this.fireNext(endMs); fired += 1) {
      refuseEndless(fired);
      await settle();
    }
    this.monotonicMs = Math.max(this.monotonicMs, endMs);
    await settle();
  }

  /** Index of the first timer that is due later than `dueMs`, by bisection. */
  private placeAfter(dueMs: number): number {
    let low = 0;
    let high = this.timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.timers[middle]?.dueMs ?? 0) <= dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private fireNext(endMs: number): boolean {
    const next = this.timers[0];
    if (next === undefined || next.dueMs > endMs) return false;
    this.timers.shift();
    this.monotonicMs = Math.max(this.monotonicMs, next.dueMs);
    next.fire();
    return true;
  }
}

/** An immediate runs after all promise callbacks, however long their chains are. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function refuseEndless(fired: number): void {
  if (fired > MOST_TIMERS_PER_STEP) throw new Error('timers keep arming each other without delay');
}
