/**
 * Finds out how long this side stood still while it waited for something: that is no time that the other side took. Timers go
 * off before sockets are read, so it is known by the time an answer is.
 */
import type { Clock } from '../core/time/clock';

/** Most heartbeats are answered before; then after twice the time each. */
const FIRST_LOOK_MS = 5;

export class OwnAbsence {
  private cancelLook: () => void = () => undefined;

  /**
   * @param latenessMs a timer that is no later is on time
   * @param longestMs the last look is that far from the one before
   */
  constructor(
    private readonly clock: Clock,
    private readonly latenessMs: number,
    private readonly longestMs: number,
  ) {}

  /** Attends from now on, and to nothing else any more. @returns tells how long this side was away, ms */
  attend(): () => number {
    let absentMs = 0;
    const lookAgain = (atMs: number, stepMs: number): void => {
      this.cancelLook = this.clock.after(stepMs, () => {
        const nowMs = this.clock.nowMs();
        const lateMs = nowMs - atMs - stepMs;
        if (lateMs > this.latenessMs) absentMs += lateMs;
        if (stepMs < this.longestMs) lookAgain(nowMs, 2 * stepMs);
      });
    };
    this.stop();
    lookAgain(this.clock.nowMs(), FIRST_LOOK_MS);
    return () => absentMs;
  }

  stop(): void {
    this.cancelLook();
  }
}
