import type { Clock } from '../core/time/clock';

/**
 * A wait that can be cut short: a loop waits here for its next turn, and whoever has news for it calls `wake`. A wake
 * that comes while nobody waits is kept, so none is lost between looking and waiting.
 */
export class Wakeup {
  private pending = false;
  private release: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  wake(): void {
    this.pending = true;
    this.release?.();
  }

  /** Waits until `wake`, until the signal aborts, or for `delayMs` (undefined: without limit). Never rejects. */
  wait(delayMs: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel =
        delayMs === undefined || this.pending ? undefined : this.clock.after(delayMs, () => this.release?.());
      const done = (): void => {
        cancel?.();
        signal.removeEventListener('abort', done);
        this.release = undefined;
        this.pending = false;
        resolve();
      };
      this.release = done;
      signal.addEventListener('abort', done, { once: true });
      if (this.pending || signal.aborted) done();
    });
  }
}
