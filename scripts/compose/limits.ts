/**
 * What each step of the drill may cost at most: the one table to tighten. Pure.
 */
export const STEPS = ['kill', 'pause', 'disconnect', 'one-server', 'all-servers'] as const;
export type StepName = (typeof STEPS)[number];

export interface Limit {
  /** Safe calls that failed. */
  readonly lost: number;
  /** Longest time without a good answer of anybody, ms. */
  readonly gapMs: number;
  /** The client's moves between tiers: away and back, and as often for a false alarm on a crowded machine. */
  readonly moves: number;
}

/**
 * A gap is a few hundred ms on a machine that is not busy; the limit leaves room for one that is. Of a server that falls
 * silent without a word a caller can only guess: 0 to 2 lost calls were seen.
 */
export const LIMITS: Readonly<Record<StepName, Limit>> = {
  kill: { lost: 0, gapMs: 2_000, moves: 4 },
  pause: { lost: 10, gapMs: 2_000, moves: 4 },
  disconnect: { lost: 10, gapMs: 2_000, moves: 4 },
  'one-server': { lost: 0, gapMs: 2_000, moves: 2 },
  'all-servers': { lost: 0, gapMs: 2_000, moves: 2 },
};

/** What one step showed. */
export interface StepFigures {
  readonly step: StepName;
  readonly calls: number;
  /** Safe calls that failed. */
  readonly lost: number;
  /** MemoryAdds that failed in flight; nobody repeats them. */
  readonly unsafeFailed: number;
  /** MemoryAdds that were executed more than once. */
  readonly duplicated: number;
  readonly acknowledgedButLost: number;
  readonly wrongAnswers: number;
  readonly gapMs: number;
  readonly moves: number;
  /** What failed calls were told, alike ones together. */
  readonly failures: readonly string[];
  /** From the harm, or from its end where it had to be ended, until all was as before, ms. Null: it never was. */
  readonly recoveredMs: number | null;
}

/** What a step did wrong, one sentence each; empty when it kept its limits. */
export function faultsOf(figures: StepFigures, limit: Limit = LIMITS[figures.step]): readonly string[] {
  const most = (what: string, value: number, allowed: number): string | false =>
    value > allowed && `${value} ${what}, at most ${allowed} allowed`;
  return [
    figures.calls === 0 && 'no call was made',
    figures.recoveredMs === null && 'not everything came back as it was',
    most('safe calls lost', figures.lost, limit.lost),
    most('MemoryAdds executed twice', figures.duplicated, 0),
    most('MemoryAdds acknowledged, and in no ledger', figures.acknowledgedButLost, 0),
    most('wrong answers', figures.wrongAnswers, 0),
    most('ms without a good answer', Math.round(figures.gapMs), limit.gapMs),
    most('moves between tiers', figures.moves, limit.moves),
  ]
    .filter((fault) => fault !== false)
    .map((fault) => `${figures.step}: ${fault}`);
}
