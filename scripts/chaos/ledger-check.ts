/**
 * Compares what callers wished for and were told with what servers wrote down that they did. It knows nothing of how
 * calls were made; the ledgers of dead servers count as well.
 */
import type { LedgerEntry } from '../../calculator/ledger';

export interface Wish {
  readonly id: string;
  /** What its caller was told: an answer, or an error, which says nothing of whether it was executed. */
  readonly end: 'answered' | 'failed';
}

export interface LedgerVerdict {
  /** Ids that were executed more than once, on whichever server. */
  readonly executedTwice: readonly string[];
  /** Ids that were answered though no server executed them. */
  readonly acknowledgedButLost: readonly string[];
  /** Ids that were executed though nobody wished for them. */
  readonly neverWished: readonly string[];
}

export function checkLedgers(wishes: readonly Wish[], executed: readonly LedgerEntry[]): LedgerVerdict {
  const times = new Map<string, number>();
  for (const { id } of executed) times.set(id, (times.get(id) ?? 0) + 1);
  const wished = new Set(wishes.map(({ id }) => id));
  return {
    executedTwice: [...times].filter(([, count]) => count > 1).map(([id]) => id),
    acknowledgedButLost: wishes.filter(({ id, end }) => end === 'answered' && !times.has(id)).map(({ id }) => id),
    neverWished: [...times.keys()].filter((id) => !wished.has(id)),
  };
}
