/**
 * The one budget of a target, shared by the repetitions and hedges of all its channels.
 */
import { countCalls, EMPTY_BUDGET, withdraw, type BudgetOptions, type BudgetState } from '../core/time/budget';
import type { Clock } from '../core/time/clock';

/** Each call pays for its count: those of so short a time are counted together. */
const COUNT_EVERY_MS = 100;

export class RepeatBudget {
  private state: BudgetState = EMPTY_BUDGET;
  private uncounted = 0;
  private firstUncountedMs = 0;

  constructor(
    private readonly options: BudgetOptions,
    private readonly clock: Clock,
  ) {}

  callStarted(nowMs: number): void {
    if (nowMs - this.firstUncountedMs > COUNT_EVERY_MS) this.countUp(nowMs);
    this.uncounted += 1;
  }

  /** Asks for one more attempt; true when it may be made. */
  mayRepeat(): boolean {
    const nowMs = this.clock.nowMs();
    this.countUp(nowMs);
    const { allowed, state } = withdraw(this.state, nowMs, this.options);
    this.state = state;
    return allowed;
  }

  private countUp(nowMs: number): void {
    if (this.uncounted > 0) this.state = countCalls(this.state, this.uncounted, this.firstUncountedMs, this.options);
    this.uncounted = 0;
    this.firstUncountedMs = nowMs;
  }
}
