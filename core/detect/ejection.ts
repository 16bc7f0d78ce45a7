/**
 * Decides from the ends of real calls whether an endpoint is ill though it says SERVING: several failures in a row eject
 * it for a while, and so does falling behind for a time: being outrun by others, or leaving calls unanswered until their
 * deadlines. Then it is tried with one call at a time. It knows nothing of connections or of silence.
 */

export interface EjectionOptions {
  /** So many failures in a row eject. */
  readonly failures: number;
  /** So many outrun or unanswered calls in a row eject, … */
  readonly outruns: number;
  /** … if they span at least this time, ms: a pause is not slowness. */
  readonly slowAfterMs: number;
  /** First ejection, ms; each further one doubles. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** So many good trials in a row bring it back. */
  readonly trials: number;
}

/**
 * What the end of a call says of its endpoint. `prompt`: well, and no later than its kind usually is. `good`: well, but
 * late, or of a kind whose times are not known. `outrun`: late, and another endpoint, asked later, answered it first.
 * `unanswered`: late when its deadline came.
 */
export type CallEnd = 'prompt' | 'good' | 'outrun' | 'unanswered' | 'failed';

/** Why it was ejected. */
export interface EjectionCause {
  readonly slow: boolean;
  readonly text: string;
}

/** So many calls in a row, and since when. */
interface Row {
  readonly calls: number;
  readonly sinceMs: number;
}

export type EjectionState =
  | {
      readonly phase: 'in';
      /** Failures in a row. */
      readonly streak: number;
      /** Outrun calls in a row, with no prompt one between. */
      readonly outrun: Row | null;
      /** Unanswered calls in a row, with no answer between. */
      readonly unanswered: Row | null;
      readonly ejections: number;
    }
  | { readonly phase: 'ejected'; readonly cause: EjectionCause; readonly untilMs: number; readonly ejections: number }
  | {
      readonly phase: 'probation';
      readonly cause: EjectionCause;
      readonly passed: number;
      /** One late trial is forgiven. */
      readonly missed: boolean;
      readonly sinceMs: number;
      readonly ejections: number;
    };

type StateOf<Phase> = EjectionState & { phase: Phase };

export const NOT_EJECTED: EjectionState = { phase: 'in', streak: 0, outrun: null, unanswered: null, ejections: 0 };

/** No call that ended speaks against it. */
export function isUntroubled(state: EjectionState): boolean {
  return state.phase === 'in' && state.streak === 0 && state.outrun === null && state.unanswered === null;
}

/** Takes the end of one call in. */
export function observeCall(
  state: EjectionState,
  end: CallEnd,
  nowMs: number,
  options: EjectionOptions,
): EjectionState {
  switch (state.phase) {
    case 'ejected':
      // Calls that began before it was ejected prove nothing new.
      return state;
    case 'in':
      return observeIn(state, end, nowMs, options);
    case 'probation': {
      // The first call after a pause meets cold caches: if each such one counted, it might never come back.
      if (isLate(end) && state.cause.slow && !state.missed) return { ...state, passed: 0, missed: true };
      if (end !== 'prompt' && end !== 'good') return ejected(state, causeOf(end, 1, 0), nowMs, options);
      if (end === 'good' && state.cause.slow) return state;
      const passed = state.passed + 1;
      return passed < options.trials ? { ...state, passed } : NOT_EJECTED;
    }
  }
}

function isLate(end: CallEnd): boolean {
  return end === 'outrun' || end === 'unanswered';
}

function observeIn(state: StateOf<'in'>, end: CallEnd, nowMs: number, options: EjectionOptions): EjectionState {
  switch (end) {
    case 'prompt':
      return isUntroubled(state) ? state : { ...state, streak: 0, outrun: null, unanswered: null };
    case 'good':
      return state.streak === 0 && state.unanswered === null ? state : { ...state, streak: 0, unanswered: null };
    case 'failed': {
      const streak = state.streak + 1;
      if (streak < options.failures) return { ...state, streak, unanswered: null };
      return ejected(state, causeOf(end, streak, 0), nowMs, options);
    }
    case 'outrun':
    case 'unanswered':
      return fallBehind(state, end, nowMs, options);
  }
}

function fallBehind(
  state: StateOf<'in'>,
  end: 'outrun' | 'unanswered',
  nowMs: number,
  options: EjectionOptions,
): EjectionState {
  const { calls, sinceMs } = state[end] ?? { calls: 0, sinceMs: nowMs };
  const row = { calls: calls + 1, sinceMs };
  if (row.calls < options.outruns || nowMs - sinceMs < options.slowAfterMs) return { ...state, [end]: row };
  return ejected(state, causeOf(end, row.calls, nowMs - sinceMs), nowMs, options);
}

/** Lets time pass: an ejection ends in probation, and a probation that nobody used ends well after as long again. */
export function passTime(state: EjectionState, nowMs: number, options: EjectionOptions): EjectionState {
  if (state.phase === 'ejected' && nowMs >= state.untilMs) {
    return { ...state, phase: 'probation', passed: 0, missed: false, sinceMs: nowMs };
  }
  if (state.phase === 'probation' && nowMs >= unusedUntilMs(state, options)) {
    // One more of what ejected it is enough to do so again.
    const { slow } = state.cause;
    const row = slow ? { calls: options.outruns - 1, sinceMs: nowMs - options.slowAfterMs } : null;
    const streak = slow ? 0 : options.failures - 1;
    return { phase: 'in', streak, outrun: row, unanswered: row, ejections: state.ejections };
  }
  return state;
}

/** When to let time pass again; null: nothing changes by time alone. */
export function ejectionWakeMs(state: EjectionState, options: EjectionOptions): number | null {
  if (state.phase === 'ejected') return state.untilMs;
  return state.phase === 'probation' ? unusedUntilMs(state, options) : null;
}

function causeOf(end: 'failed' | 'outrun' | 'unanswered', calls: number, overMs: number): EjectionCause {
  if (end === 'failed') return { slow: false, text: calls > 1 ? `its last ${calls} calls failed` : 'a trial failed' };
  const which = calls > 1 ? `its last ${calls} calls, over ${Math.round(overMs)} ms,` : 'a trial';
  const what = end === 'outrun' ? 'others, asked later, answered first' : 'their deadlines came first';
  return { slow: true, text: `it is slow: ${which} took so long that ${what}` };
}

function ejected(
  { ejections }: EjectionState,
  cause: EjectionCause,
  nowMs: number,
  options: EjectionOptions,
): EjectionState {
  const forMs = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(ejections, 30));
  return { phase: 'ejected', cause, untilMs: nowMs + forMs, ejections: ejections + 1 };
}

function unusedUntilMs(state: StateOf<'probation'>, options: EjectionOptions): number {
  return state.sinceMs + Math.min(options.maxMs, options.baseMs * 2 ** Math.min(state.ejections, 30));
}
