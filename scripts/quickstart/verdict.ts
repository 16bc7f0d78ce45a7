/**
 * Decides what the run showed: which calls were lost, which MemoryAdds were executed twice or acknowledged and lost,
 * and how long each step took. Pure: everything it needs is handed in.
 */
import type { LoadReport } from '../../calculator/load';

export interface Evidence {
  readonly report: LoadReport;
  /** Safe calls that failed: what they failed of, and when. */
  readonly lostCalls: readonly string[];
  /** Ids in the servers' ledgers, one entry per execution. */
  readonly executed: readonly string[];
  /** Ids that the load saw acknowledged. */
  readonly acknowledged: readonly string[];
  /** Unix ms; null where it did not happen. */
  readonly moments: Readonly<Record<Moment, number | null>>;
  /** Longest time without any good answer around the failover and around the failback, ms. */
  readonly failoverGapMs: number | null;
  readonly failbackGapMs: number | null;
}

export type Moment = 'fault' | 'failover' | 'critical' | 'passing' | 'failback';

export interface Verdict {
  readonly calls: number;
  /** Safe calls that failed. */
  readonly lostCalls: number;
  /** MemoryAdds that a server executed more than once. */
  readonly duplicatedCalls: number;
  /** MemoryAdds that were acknowledged and stand in no ledger. */
  readonly acknowledgedButLost: number;
  /** MemoryAdds that failed at the caller: in flight when their server died, and not sent again. */
  readonly unsafeFailed: number;
  readonly wrongAnswers: number;
  /** Service gap of the failover: longest time without any good answer, ms. */
  readonly failoverGapMs: number | null;
  /** From the fault to the client's decision to fail over, ms. */
  readonly detectMs: number | null;
  /** From the fault to `critical` (or maintenance, or gone) in the catalog, ms. */
  readonly criticalMs: number | null;
  /** From the fault until the restarted primary is passing in the catalog again, ms. */
  readonly restartMs: number | null;
  /** From passing again to the client's failback, ms: the hold-down. */
  readonly failbackMs: number | null;
  readonly failbackGapMs: number | null;
  readonly ok: boolean;
  /** What was wrong; empty when ok. */
  readonly faults: readonly string[];
}

export function verdictOf(evidence: Evidence): Verdict {
  const { report, moments } = evidence;
  const executed = new Set(evidence.executed);
  const found = {
    calls: report.calls,
    lostCalls: report.add.failed,
    duplicatedCalls: evidence.executed.length - executed.size,
    acknowledgedButLost: evidence.acknowledged.filter((id) => !executed.has(id)).length,
    unsafeFailed: report.memoryAdd.failed,
    wrongAnswers: report.wrongAnswers,
    failoverGapMs: evidence.failoverGapMs,
    detectMs: between(moments.fault, moments.failover),
    criticalMs: between(moments.fault, moments.critical),
    restartMs: between(moments.fault, moments.passing),
    failbackMs: between(moments.passing, moments.failback),
    failbackGapMs: evidence.failbackGapMs,
  };
  const faults = [
    found.lostCalls > 0 && [`${found.lostCalls} safe calls were lost`, ...evidence.lostCalls].join('; '),
    found.duplicatedCalls > 0 && `${found.duplicatedCalls} MemoryAdds were executed twice`,
    found.acknowledgedButLost > 0 && `${found.acknowledgedButLost} acknowledged MemoryAdds are in no ledger`,
    found.wrongAnswers > 0 && `${found.wrongAnswers} answers were wrong`,
    found.calls === 0 && 'no call was made',
    moments.failover === null && 'the client never failed over',
    moments.passing === null && 'the primary never came back',
    moments.failback === null && 'the client never failed back',
  ].filter((fault) => fault !== false);
  return { ...found, ok: faults.length === 0, faults };
}

function between(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : to - from;
}
