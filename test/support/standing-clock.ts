import { VirtualClock } from './virtual-clock';

/** Timers of a process that can stand still; what its sockets brought meanwhile is read after them. */
export class StandingClock extends VirtualClock {
  private untilMs = -Infinity;

  standStill(forMs: number): void {
    this.untilMs = this.nowMs() + forMs;
  }

  override after(delayMs: number, fire: () => void): () => void {
    let cancel = super.after(delayMs, () => {
      const leftMs = this.untilMs - this.nowMs();
      if (leftMs > 0) cancel = super.after(leftMs, fire);
      else fire();
    });
    return () => cancel();
  }

  read(afterMs: number, take: () => void): void {
    super.after(afterMs, () => void super.after(Math.max(0, this.untilMs - this.nowMs()) + 0.01, take));
  }
}
