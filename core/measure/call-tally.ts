/**
 * Keeps what callers counted, by minute, so that a report can say what happened since a time. Bounded: the oldest minutes and
 * the callers that were heard last the longest ago go first.
 */

import type { MethodTallies } from './method-tally';

/** What callers counted in some time; all whole numbers. */
export interface CallTally {
  readonly calls: number;
  readonly attempts: number;
  /** Failures that reached the caller. */
  readonly failuresSeen: number;
  /** Failed attempts that a repetition made good. */
  readonly failuresHidden: number;
}

export interface TallyMinute extends CallTally {
  /** Its beginning, Unix ms. */
  readonly atUnixMs: number;
}

/** What one caller tells of one service; callers of earlier versions tell nothing of methods. */
export interface ServiceTally extends CallTally {
  readonly methods?: MethodTallies | undefined;
}

/** One message of one caller. */
export interface CallReport {
  /** Unique to the process. */
  readonly client: string;
  /** Grows with each new message; the same one may come twice. */
  readonly seq: number;
  readonly services: Readonly<Record<string, ServiceTally>>;
}

const MINUTE_MS = 60_000;
const MOST_MINUTES = 7 * 24 * 60;
const MOST_CLIENTS = 10_000;
const MOST_SERVICES = 1000;
export const NO_CALLS: CallTally = { calls: 0, attempts: 0, failuresSeen: 0, failuresHidden: 0 };

export function addTallies(one: CallTally, other: CallTally): CallTally {
  return {
    calls: one.calls + other.calls,
    attempts: one.attempts + other.attempts,
    failuresSeen: one.failuresSeen + other.failuresSeen,
    failuresHidden: one.failuresHidden + other.failuresHidden,
  };
}

export class TallyBook {
  private readonly seqs = new Map<string, number>();
  private readonly minutes = new Map<string, Map<number, CallTally>>();

  /** False: it was there before, or nothing can be kept of it. */
  take({ client, seq, services }: CallReport, nowUnixMs: number): boolean {
    const last = this.seqs.get(client);
    if (last !== undefined && seq <= last) return false;
    // Set anew, so that the order of the map is that of the last words.
    this.seqs.delete(client);
    this.seqs.set(client, seq);
    dropOldest(this.seqs, MOST_CLIENTS);
    const minute = Math.floor(nowUnixMs / MINUTE_MS) * MINUTE_MS;
    for (const [service, tally] of Object.entries(services)) {
      const known = this.minutes.get(service) ?? new Map<number, CallTally>();
      this.minutes.set(service, known.set(minute, addTallies(known.get(minute) ?? NO_CALLS, tally)));
      dropOldest(known, MOST_MINUTES);
    }
    dropOldest(this.minutes, MOST_SERVICES);
    return true;
  }

  /** Minutes that touch the time since then, oldest first. */
  since(service: string, sinceUnixMs: number): readonly TallyMinute[] {
    return [...(this.minutes.get(service) ?? [])]
      .filter(([atUnixMs]) => atUnixMs + MINUTE_MS > sinceUnixMs)
      .map(([atUnixMs, tally]) => ({ atUnixMs, ...tally }))
      .sort((a, b) => a.atUnixMs - b.atUnixMs);
  }
}

function dropOldest<K>(map: Map<K, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
