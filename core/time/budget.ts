/**
 * Decides how many repetitions a target may get: a share of its recent calls plus a small constant rate, so that a
 * target in trouble is never buried under repetitions (the retry budgets of Finagle and Linkerd).
 */

export interface BudgetOptions {
  /** Repetitions allowed per call, 0.2. */
  readonly share: number;
  /** Repetitions allowed per second whatever the load. */
  readonly perSecond: number;
  /** Calls and repetitions older than this are forgotten, ms. */
  readonly windowMs: number;
}

interface Slice {
  readonly slot: number;
  readonly calls: number;
  readonly repeats: number;
}

/** Counts in ten slices of the window, so that old ones leave one by one. The present one stands apart: each call changes it. */
export interface BudgetState {
  readonly current: Slice;
  readonly older: readonly Slice[];
}

const SLICES = 10;

export const EMPTY_BUDGET: BudgetState = { current: { slot: -Infinity, calls: 0, repeats: 0 }, older: [] };

export function countCalls(state: BudgetState, calls: number, nowMs: number, options: BudgetOptions): BudgetState {
  return add(state, calls, 0, nowMs, options);
}

export interface Withdrawal {
  readonly allowed: boolean;
  readonly state: BudgetState;
}

/** Asks for one repetition, and counts it when it is allowed. */
export function withdraw(state: BudgetState, nowMs: number, options: BudgetOptions): Withdrawal {
  const live = recent(state, nowMs, options);
  const calls = live.reduce((sum, slice) => sum + slice.calls, 0);
  const repeats = live.reduce((sum, slice) => sum + slice.repeats, 0);
  const limit = calls * options.share + (options.perSecond * options.windowMs) / 1_000;
  if (repeats + 1 > limit) return { allowed: false, state };
  return { allowed: true, state: add(state, 0, 1, nowMs, options) };
}

function add(state: BudgetState, calls: number, repeats: number, nowMs: number, options: BudgetOptions): BudgetState {
  const slot = slotOf(nowMs, options);
  const { current, older } = state;
  if (current.slot !== slot) return { current: { slot, calls, repeats }, older: recent(state, nowMs, options) };
  return { current: { slot, calls: current.calls + calls, repeats: current.repeats + repeats }, older };
}

function recent({ current, older }: BudgetState, nowMs: number, options: BudgetOptions): readonly Slice[] {
  const oldest = slotOf(nowMs, options) - SLICES;
  return [...older, current].filter((slice) => slice.slot > oldest);
}

function slotOf(nowMs: number, options: BudgetOptions): number {
  return Math.floor((nowMs * SLICES) / options.windowMs);
}
