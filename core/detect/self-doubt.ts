/**
 * Decides whether the judge himself was away: a timer of his own that fired late proves that his event loop or his whole
 * machine stood still, and what looked like a silent server then may have been his own deafness.
 * It doubts silence alone; a refused connection or a "no" from the server is proof, however late it was read.
 */

interface Lapse {
  readonly endedMs: number;
  readonly lateMs: number;
}

export interface Pulse {
  /** When the timer that is armed now should fire. */
  readonly dueMs: number;
  /** Lapses worth remembering, oldest first. */
  readonly lapses: readonly Lapse[];
}

export interface Doubt {
  readonly doubtful: boolean;
  /** The worst lateness found, ms. */
  readonly lateMs: number;
  readonly reason: string;
}

const REMEMBERED = 32;

/** The own timer fired and is armed again for `everyMs` from now. Lateness below one period is ordinary. */
export function onPulse(pulse: Pulse, nowMs: number, everyMs: number): Pulse {
  const lateMs = nowMs - pulse.dueMs;
  const lapses = lateMs < everyMs ? pulse.lapses : [...pulse.lapses, { endedMs: nowMs, lateMs }].slice(-REMEMBERED);
  return { dueMs: nowMs + everyMs, lapses };
}

/** Was the judge later than `toleranceMs` at any moment since `sinceMs`? A timer that is overdue right now counts too. */
export function doubtSince(pulse: Pulse, sinceMs: number, nowMs: number, toleranceMs: number): Doubt {
  const lapses = pulse.lapses.filter((lapse) => lapse.endedMs >= sinceMs).map((lapse) => lapse.lateMs);
  const lateMs = Math.max(0, nowMs - pulse.dueMs, ...lapses);
  const doubtful = lateMs > toleranceMs;
  const reason = doubtful
    ? `the agent itself stood still for ${Math.round(lateMs)} ms meanwhile`
    : `the agent itself was on time (at most ${Math.round(lateMs)} ms late)`;
  return { doubtful, lateMs, reason };
}
