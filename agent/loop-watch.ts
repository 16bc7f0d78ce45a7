/**
 * Watches the agent's own event loop with a timer of its own: how late that fires is how late everything else was.
 */
import { doubtSince, onPulse, type Doubt, type Pulse } from '../core/detect/self-doubt';
import type { Clock } from '../core/time/clock';

const EVERY_MS = 100;

export class LoopWatch {
  private pulse: Pulse = { dueMs: 0, lapses: [] };
  private cancel: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  start(): void {
    if (this.cancel !== undefined) return;
    this.pulse = { dueMs: this.clock.nowMs() + EVERY_MS, lapses: [] };
    this.arm();
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  /** Did this process stand still for more than `toleranceMs` at any moment since `sinceMs`? */
  doubtSince(sinceMs: number, toleranceMs: number): Doubt {
    return doubtSince(this.pulse, sinceMs, this.clock.nowMs(), toleranceMs);
  }

  private arm(): void {
    this.cancel = this.clock.after(EVERY_MS, () => {
      this.pulse = onPulse(this.pulse, this.clock.nowMs(), EVERY_MS);
      this.arm();
    });
  }
}
