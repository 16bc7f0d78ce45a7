/** What many runs add up to: medians and worst runs. Pure. */
import { CALLERS, FAULTS, UNDERSTUDY, type CallerName, type FaultName } from './failover-plan';
import type { Measured } from './failover-run';
import type { FailoverRow, FaultRow, PeerRow, Spread } from './results';
import { median, rounded } from './statistics';

export interface RunOf extends Measured {
  readonly caller: CallerName;
  readonly fault: FaultName;
}

/** Of Understudy alone, one row for each fault that was played. */
export function failoverRows(all: readonly RunOf[]): readonly FailoverRow[] {
  return byFault(UNDERSTUDY, all).map(({ fault, runs }) => ({
    ...faultRow(fault, runs),
    noticedMs: spreadOfSome(runs, ({ noticedMs }) => noticedMs),
    steadyAttemptsPerCall: spreadOf(runs, ({ steadyAttemptsPerCall }) => steadyAttemptsPerCall, 3),
    attemptsPerCall: spreadOf(runs, ({ attemptsPerCall }) => attemptsPerCall, 3),
    p99Ratio: spreadOf(runs, ({ p99Ratio }) => p99Ratio, 2),
  }));
}

/** Of Understudy and its peers by the same measure, one row for each caller and fault that was played. */
export function peerRows(all: readonly RunOf[]): readonly PeerRow[] {
  const sinceBack = all.map((run) => ({ ...run, gapMs: run.gapMs === null ? null : run.gapMs + run.heldMs }));
  return CALLERS.flatMap((caller) =>
    byFault(caller, sinceBack).map(({ fault, runs }) => ({
      caller,
      ...faultRow(fault, runs),
      executedTwice: spreadOf(runs, ({ executedTwice }) => executedTwice, 1),
    })),
  );
}

interface Group {
  readonly fault: FaultName;
  readonly runs: readonly RunOf[];
}

function byFault(caller: CallerName, runs: readonly RunOf[]): readonly Group[] {
  const groups = FAULTS.map((fault) => ({
    fault,
    runs: runs.filter((run) => run.caller === caller && run.fault === fault),
  }));
  return groups.filter(({ runs: { length } }) => length > 0);
}

function faultRow(fault: FaultName, runs: readonly RunOf[]): FaultRow {
  return {
    fault,
    runs: runs.length,
    gapMs: spreadOfSome(runs, ({ gapMs }) => gapMs),
    never: runs.filter(({ gapMs }) => gapMs === null).length,
    pauseMs: spreadOf(runs, ({ pauseMs }) => pauseMs, 1),
    safeLost: spreadOf(runs, ({ safeLost }) => safeLost, 1),
    unsafeFailed: spreadOf(runs, ({ unsafeFailed }) => unsafeFailed, 1),
  };
}

/** Null when no run has the figure. */
function spreadOfSome(runs: readonly RunOf[], figureMs: (run: RunOf) => number | null): Spread | null {
  const values = runs.map(figureMs).filter((value) => value !== null);
  return values.length === 0 ? null : spread(values, 1);
}

function spreadOf(runs: readonly RunOf[], figure: (run: RunOf) => number, digits: number): Spread {
  return spread(runs.map(figure), digits);
}

function spread(values: readonly number[], digits: number): Spread {
  return { median: rounded(median(values), digits), max: rounded(Math.max(...values), digits) };
}
