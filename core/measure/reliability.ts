/**
 * The reliability figures of the founding documents:
 * Pf = failures / calls, Tp = failures processed / failures, R = 1 - Pf, T = calls / failures.
 */
export interface ReliabilityFigures {
  readonly calls: number;
  readonly failures: number;
  readonly failuresProcessed: number;
  /** Null where there were no calls: nothing measured is not "no failures". */
  readonly pf: number | null;
  readonly r: number | null;
  /** Null where there were no failures. */
  readonly tp: number | null;
  readonly t: number | null;
}

export function reliability(calls: number, failures: number, failuresProcessed: number): ReliabilityFigures {
  const pf = calls > 0 ? failures / calls : null;
  return {
    calls,
    failures,
    failuresProcessed,
    pf,
    r: pf === null ? null : 1 - pf,
    tp: failures > 0 ? failuresProcessed / failures : null,
    t: failures > 0 ? calls / failures : null,
  };
}
