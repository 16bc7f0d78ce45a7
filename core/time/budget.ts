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

/** Counts in ten slices of the window, so that old ones leave one by one. */
export interface BudgetState {
  readonly slices: readonly { readonly slot: number; readonly calls: number; readonly repeats: number }[];
}

const SLICES = 10;

export const EMPTY_BUDGET: BudgetState = { slices: [] };

export function countCall(state: BudgetState, nowMs: number, options: BudgetOptions): BudgetState {
  return add(state, { calls: 1, repeats: 0 }, nowMs, options);
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
  return { allowed: true, state: add(state, { calls: 0, repeats: 1 }, nowMs, options) };
}

function add(
  state: BudgetState,
  more: { readonly calls: number; readonly repeats: number },
  nowMs: number,
  options: BudgetOptions,
): BudgetState {
  const slot = slotOf(nowMs, options);
  const last = state.slices.at(-1);
  if (last?.slot === slot) {
    const merged = { slot, calls: last.calls + more.calls, repeats: last.repeats + more.repeats };
    return { slices: state.slices.with(-1, merged) };
  }
  return { slices: [...recent(state, nowMs, options), { slot, ...more }] };
}

function recent(state: BudgetState, nowMs: number, options: BudgetOptions): BudgetState['slices'] {
  const oldest = slotOf(nowMs, options) - SLICES;
  return state.slices.filter((slice) => slice.slot > oldest);
}

function slotOf(nowMs: number, options: BudgetOptions): number {
  return Math.floor((nowMs * SLICES) / options.windowMs);
}
