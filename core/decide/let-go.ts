/**
 * Decides whether the callers of a drained server have let go of it. Open connections mean nothing, since callers keep them
 * warm: what counts is that no call is in flight, and that for a while none was begun.
 */
import type { CallsTold } from '../measure/calls-told';

/** What an agent saw of a server's calls, probe by probe. */
export interface CallsSeen extends CallsTold {
  /** So long, up to the last probe, no call was in flight and none was begun, ms. */
  readonly quietMs: number;
}

export interface QuietState {
  readonly begun: number;
  readonly sinceMs: number;
  readonly seen: CallsSeen;
}

export type LetGo =
  | { readonly name: 'waiting' | 'gone'; readonly reason: string }
  /** The server does not tell its calls. */
  | { readonly name: 'unknown'; readonly reason: string };

/** Longer than callers need to hear of a drain, which they hear at once while Consul answers. */
const QUIET_MS = 1000;

/** One more probe has told of calls. @param told undefined: it told nothing, and what was before is forgotten */
export function watchQuiet(
  before: QuietState | undefined,
  told: CallsTold | undefined,
  nowMs: number,
): QuietState | undefined {
  if (told === undefined) return undefined;
  const goesOn = before?.seen.inFlight === 0 && told.inFlight === 0 && before.begun === told.begun;
  const sinceMs = goesOn ? before.sinceMs : nowMs;
  return { begun: told.begun, sinceMs, seen: { ...told, quietMs: nowMs - sinceMs } };
}

/** @param knownMs for how long the registry has known of the drain, ms; undefined: it does not */
export function judgeLetGo(knownMs: number | undefined, calls: CallsSeen | undefined): LetGo {
  if (knownMs === undefined) return { name: 'waiting', reason: 'the registry does not know of the drain yet' };
  if (calls === undefined)
    return knownMs < QUIET_MS
      ? { name: 'waiting', reason: 'its server has told nothing of its calls' }
      : { name: 'unknown', reason: 'its server does not tell its calls, as reportCalls does' };
  const { inFlight, quietMs } = calls;
  if (inFlight > 0) return { name: 'waiting', reason: `${inFlight} ${inFlight === 1 ? 'call' : 'calls'} in flight` };
  return Math.min(knownMs, quietMs) < QUIET_MS
    ? { name: 'waiting', reason: 'no call in flight, but it has not been quiet for a second' }
    : { name: 'gone', reason: 'no call in flight, and none begun for a second' };
}
