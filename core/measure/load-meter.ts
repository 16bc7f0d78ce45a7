/**
 * Measures the load of one server for its reports: calls and failures per second, and how much of what is scarce is used.
 * It decides how fast a change shows; it never looks at a clock or at a process by itself.
 */
import type { LoadReport } from '../pick/load-weight';

export interface LoadMeterOptions {
  /** Calls that may be under way at once before they wait for each other; Infinity where nothing but the CPU is scarce. */
  readonly concurrency: number;
  /** A report is made anew after this long, ms. */
  readonly windowMs: number;
  /** How long the past counts: after so much time it has faded to 37 %, ms. */
  readonly memoryMs: number;
}

export class LoadMeter {
  private underWay = 0;
  private ended = 0;
  private failed = 0;
  /** Sum over the window of calls under way times ms. */
  private occupied = 0;
  private lastMs: number;
  private windowBeganMs: number;
  private latest: LoadReport | null = null;

  /** @param startMs when the first window begins, ms of the clock that all the other calls use */
  constructor(
    startMs: number,
    private readonly options: LoadMeterOptions,
  ) {
    this.lastMs = startMs;
    this.windowBeganMs = startMs;
  }

  callStarted(nowMs: number): void {
    this.pass(nowMs);
    this.underWay += 1;
  }

  callEnded(failed: boolean, nowMs: number): void {
    this.pass(nowMs);
    this.underWay -= 1;
    this.ended += 1;
    if (failed) this.failed += 1;
  }

  /**
   * The same object until the window is over, so that whoever writes it down does so once.
   * @param busyShare asked once a window: which part of the time since it was asked last the CPU that does the work
   * was busy, 0 to 1
   * @returns null in the first window
   */
  report(nowMs: number, busyShare: () => number): LoadReport | null {
    const elapsedMs = nowMs - this.windowBeganMs;
    if (elapsedMs < this.options.windowMs) return this.latest;
    this.pass(nowMs);
    const occupation = this.occupied / elapsedMs / this.options.concurrency;
    this.fade(elapsedMs, {
      qps: (this.ended * 1_000) / elapsedMs,
      eps: (this.failed * 1_000) / elapsedMs,
      utilization: Math.max(busyShare(), occupation),
    });
    this.windowBeganMs = nowMs;
    this.ended = 0;
    this.failed = 0;
    this.occupied = 0;
    return this.latest;
  }

  private pass(nowMs: number): void {
    this.occupied += this.underWay * Math.max(0, nowMs - this.lastMs);
    this.lastMs = Math.max(this.lastMs, nowMs);
  }

  private fade(elapsedMs: number, seen: LoadReport): void {
    const before = this.latest ?? seen;
    const kept = Math.exp(-elapsedMs / this.options.memoryMs);
    const mixed = (was: number, is: number): number => was * kept + is * (1 - kept);
    this.latest = {
      qps: mixed(before.qps, seen.qps),
      eps: mixed(before.eps, seen.eps),
      utilization: mixed(before.utilization, seen.utilization),
    };
  }
}
