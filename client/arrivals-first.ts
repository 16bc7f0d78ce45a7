/**
 * Where this side may have stood still, its servers may have died meanwhile, and the news of that lies unread in the sockets:
 * timers, which begin calls, go off first. So a call that must not be repeated waits there for a few turns of the event loop.
 */
import type { Clock } from '../core/time/clock';

/** Who calls more often never waits. The others do for a fraction of a millisecond, or longer where each turn is long. */
const PAUSE_MS = 200;

export class ArrivalsFirst {
  private lastCallMs = -Infinity;
  private reading = false;
  private somebodyWaits = false;

  /** @param onRead whoever was told to wait may go on */
  constructor(private readonly onRead: () => void) {}

  /** At the beginning of each call, ms of the clock. */
  callBegins(nowMs: number, clock: Clock): void {
    if (nowMs - this.lastCallMs > PAUSE_MS && !this.reading) this.read(clock);
    this.lastCallMs = Math.max(this.lastCallMs, nowMs);
  }

  /** Whether a call that must not be repeated has to wait. */
  mustWait(): boolean {
    if (this.reading) this.somebodyWaits = true;
    return this.reading;
  }

  private read(clock: Clock): void {
    this.reading = true;
    clock.afterArrivals(() => {
      this.reading = false;
      const { somebodyWaits } = this;
      this.somebodyWaits = false;
      if (somebodyWaits) this.onRead();
    });
  }
}
