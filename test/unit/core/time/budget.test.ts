import fc from 'fast-check';
import { countCalls, EMPTY_BUDGET, withdraw, type BudgetState } from '../../../../core/time/budget';

const OPTIONS = { share: 0.2, perSecond: 1, windowMs: 10_000 };

function calls(count: number, atMs: number, state: BudgetState = EMPTY_BUDGET): BudgetState {
  let next = state;
  for (let call = 0; call < count; call += 1) next = countCalls(next, 1, atMs, OPTIONS);
  return next;
}

function repeats(state: BudgetState, atMs: number): number {
  let next = state;
  for (let allowed = 0; ; allowed += 1) {
    const step = withdraw(next, atMs, OPTIONS);
    if (!step.allowed) return allowed;
    next = step.state;
  }
}

describe('the budget for repetitions', () => {
  it('is a share of the calls of the window, and a few per second', () => {
    expect(repeats(EMPTY_BUDGET, 0)).toBe(10);
    expect(repeats(calls(1_000, 0), 0)).toBe(210);
  });

  it('forgets calls that are older than the window', () => {
    expect(repeats(calls(1_000, 0), 9_000)).toBe(210);
    expect(repeats(calls(1_000, 0), 11_000)).toBe(10);
  });

  it('never allows more than its share in any window', () => {
    const event = fc.tuple(fc.nat(500), fc.boolean());
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), (events) => {
        let state = EMPTY_BUDGET;
        let nowMs = 0;
        const log: { atMs: number; repeat: boolean }[] = [];
        for (const [waitMs, repeat] of events) {
          nowMs += waitMs;
          if (!repeat) {
            state = countCalls(state, 1, nowMs, OPTIONS);
            log.push({ atMs: nowMs, repeat });
            continue;
          }
          const step = withdraw(state, nowMs, OPTIONS);
          state = step.state;
          if (step.allowed) log.push({ atMs: nowMs, repeat });
        }
        const recent = log.filter((one) => one.atMs > nowMs - 9_000);
        const inWindow = log.filter((one) => one.atMs > nowMs - 11_000);
        const repeated = recent.filter((one) => one.repeat).length;
        expect(repeated).toBeLessThanOrEqual(inWindow.filter((one) => !one.repeat).length * 0.2 + 10);
      }),
    );
  });
});
