/**
 * Decides what a guardian has to do about an instance whose agent is gone: what is left of the actions, or nothing, because it
 * is back or another guardian did it. Who holds the lock decides; the mark says what holders before it did.
 */
import type { CatalogEntry } from '../domain/instance';

/** What stands in the registry about the loss of one incarnation. */
export interface GuardianMark {
  /** The incarnation that was lost. */
  readonly epoch: number;
  /** Of the lock under which this was written; a holder with a smaller one is too late. */
  readonly fence: string;
  /** So many actions have ended. */
  readonly done: number;
  readonly agent: string;
}

export type GuardianDuty =
  { readonly from: number; readonly reason: string } | { readonly from: null; readonly reason: string };

/**
 * @param entry what the catalog says of it now, under the lock
 * @param epoch the incarnation whose loss was seen
 * @param actions how many there are
 * @returns `from`: the first action that is left, counted from 0; null: nothing is to be done
 */
export function guardianDuty(
  entry: CatalogEntry | undefined,
  epoch: number,
  mark: GuardianMark | undefined,
  actions: number,
  fence: bigint,
): GuardianDuty {
  if (entry?.lost !== true) return { from: null, reason: 'it is back, or was taken out of the registry' };
  if (entry.epoch !== epoch) return { from: null, reason: 'another incarnation was lost meanwhile' };
  if (mark?.epoch !== epoch) return { from: 0, reason: `its agent is gone: ${entry.reason}` };
  if (BigInt(mark.fence) > fence) return { from: null, reason: `${mark.agent} took over` };
  if (mark.done >= actions) return { from: null, reason: `${mark.agent} has done it` };
  return {
    from: mark.done,
    reason: `goes on after ${mark.done} of ${actions} actions of ${mark.agent}: ${entry.reason}`,
  };
}

/** What cannot be read counts as not there: then everything is done again rather than nothing. */
export function readGuardianMark(text: string | null): GuardianMark | undefined {
  try {
    const mark = JSON.parse(text ?? '') as Partial<GuardianMark>;
    const { epoch, fence, done, agent } = mark;
    if (typeof epoch !== 'number' || typeof fence !== 'string' || !/^\d+$/.test(fence)) return undefined;
    if (typeof done !== 'number' || typeof agent !== 'string') return undefined;
    return { epoch, fence, done, agent };
  } catch {
    return undefined;
  }
}
