/**
 * The one budget of a target, shared by the repetitions and hedges of all its channels.
 */
import { countCall, EMPTY_BUDGET, withdraw, type BudgetOptions, type BudgetState } from '../core/time/budget';
import type { Clock } from '../core/time/clock';

export class RepeatBudget {
  private state: BudgetState = EMPTY_BUDGET;

  constructor(
    private readonly options: BudgetOptions,
    private readonly clock: Clock,
  ) {}

  callStarted(nowMs: number): void {
    this.state = countCall(this.state, nowMs, this.options);
  }

  /** Asks for one more attempt; true when it may be made. */
  mayRepeat(): boolean {
    const { allowed, state } = withdraw(this.state, this.clock.nowMs(), this.options);
    this.state = state;
    return allowed;
  }
}
