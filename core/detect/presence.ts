/**
 * Follows whether one endpoint is among those that get calls, and since when: an ejection begins with the first sign that
 * led to it, not with its verdict. It judges no endpoint; fitness does.
 */
import type { EndpointMove } from '../domain/move';

export interface Presence {
  /** `new`: it was never fit, so it cannot have left. */
  readonly state: 'new' | 'in' | 'out';
  /** Of `out`: since the first sign of its illness. */
  readonly sinceMs: number;
}

export interface PresenceStep {
  readonly presence: Presence;
  readonly moved: Pick<EndpointMove, 'kind' | 'afterMs'> | null;
}

/** @param signMs when the signs began that speak against it now; null: there was none before this moment */
export function nextPresence(
  before: Presence | undefined,
  fit: boolean,
  signMs: number | null,
  nowMs: number,
): PresenceStep {
  const state = before?.state ?? 'new';
  const sinceMs = before?.sinceMs ?? nowMs;
  if (fit) {
    if (state === 'in') return { presence: { state, sinceMs }, moved: null };
    const moved = state === 'out' ? ({ kind: 'returned', afterMs: Math.round(nowMs - sinceMs) } as const) : null;
    return { presence: { state: 'in', sinceMs: nowMs }, moved };
  }
  if (state !== 'in') return { presence: { state, sinceMs }, moved: null };
  const begunMs = Math.min(signMs ?? nowMs, nowMs);
  const moved = { kind: 'ejected', afterMs: Math.round(nowMs - begunMs) } as const;
  return { presence: { state: 'out', sinceMs: begunMs }, moved };
}
