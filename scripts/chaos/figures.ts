/** What a row shows, and what it may show at most. Pure. */

/** Null: it depends on the machine or is no promise, so it is told and not judged. */
export interface Limits {
  /** Safe calls, and streams before their first message. */
  readonly lostSafe: number | null;
  /** Failovers beyond those that the fault is a reason for. */
  readonly falseFailovers: number | null;
  readonly gapMs: number | null;
}

export interface Figures {
  readonly calls: number;
  readonly lostSafe: number;
  /** Calls that must not be repeated and were told an error. */
  readonly unsafeFailed: number;
  readonly executedTwice: number;
  readonly acknowledgedButLost: number;
  readonly failovers: number;
  readonly falseFailovers: number;
  /** Longest time without a good answer of anybody, from the fault on. */
  readonly gapMs: number;
  /** From the fault, or from its end where it had to be ended, until all was as before. Null: it never was. */
  readonly recoveredMs: number | null;
  /** What lost safe calls were told, alike ones once. */
  readonly failures: readonly string[];
}

/** Executed twice, or acknowledged and lost, is never allowed, whatever happens. */
export function faultsOf(figures: Figures, limits: Limits): readonly string[] {
  const most = (what: string, value: number, allowed: number | null): string | false =>
    allowed !== null && value > allowed && `${value} ${what}, at most ${allowed} allowed`;
  return [
    figures.calls === 0 && 'no call was made',
    figures.recoveredMs === null && 'not everything came back as it was',
    most('safe calls lost', figures.lostSafe, limits.lostSafe),
    most('executed twice', figures.executedTwice, 0),
    most('acknowledged, and in no ledger', figures.acknowledgedButLost, 0),
    most('false failovers', figures.falseFailovers, limits.falseFailovers),
    most('ms without a good answer', Math.round(figures.gapMs), limits.gapMs),
  ].filter((fault) => fault !== false);
}
