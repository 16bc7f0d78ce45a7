/**
 * Decides from the ends of real calls whether an endpoint is ill though it says SERVING: several failures in a row eject
 * it for a while, then it is tried with one call at a time. It knows nothing of connections or of silence.
 */

export interface EjectionOptions {
  /** So many failures in a row eject. */
  readonly failures: number;
  /** First ejection, ms; each further one doubles. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** So many good trials in a row bring it back. */
  readonly trials: number;
}

export type EjectionState =
  | { readonly phase: 'in'; readonly streak: number; readonly ejections: number }
  | { readonly phase: 'ejected'; readonly untilMs: number; readonly ejections: number }
  | { readonly phase: 'probation'; readonly passed: number; readonly sinceMs: number; readonly ejections: number };

export const NOT_EJECTED: EjectionState = { phase: 'in', streak: 0, ejections: 0 };

/** Takes the end of one call in. */
export function observeCall(state: EjectionState, ok: boolean, nowMs: number, options: EjectionOptions): EjectionState {
  switch (state.phase) {
    case 'ejected':
      // Calls that began before it was ejected prove nothing new.
      return state;
    case 'in': {
      if (ok) return state.streak === 0 ? state : { ...state, streak: 0 };
      const streak = state.streak + 1;
      return streak < options.failures ? { ...state, streak } : ejected(state.ejections, nowMs, options);
    }
    case 'probation': {
      if (!ok) return ejected(state.ejections, nowMs, options);
      const passed = state.passed + 1;
      return passed < options.trials ? { ...state, passed } : { phase: 'in', streak: 0, ejections: 0 };
    }
  }
}

/** Lets time pass: an ejection ends in probation, and a probation that nobody used ends well after as long again. */
export function passTime(state: EjectionState, nowMs: number, options: EjectionOptions): EjectionState {
  if (state.phase === 'ejected' && nowMs >= state.untilMs) {
    return { phase: 'probation', passed: 0, sinceMs: nowMs, ejections: state.ejections };
  }
  if (state.phase === 'probation' && nowMs >= unusedUntilMs(state, options)) {
    // One failure is enough to eject it again.
    return { phase: 'in', streak: options.failures - 1, ejections: state.ejections };
  }
  return state;
}

/** When to let time pass again; null: nothing changes by time alone. */
export function ejectionWakeMs(state: EjectionState, options: EjectionOptions): number | null {
  if (state.phase === 'ejected') return state.untilMs;
  return state.phase === 'probation' ? unusedUntilMs(state, options) : null;
}

function ejected(ejections: number, nowMs: number, options: EjectionOptions): EjectionState {
  const forMs = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(ejections, 30));
  return { phase: 'ejected', untilMs: nowMs + forMs, ejections: ejections + 1 };
}

function unusedUntilMs(state: EjectionState & { phase: 'probation' }, options: EjectionOptions): number {
  return state.sinceMs + Math.min(options.maxMs, options.baseMs * 2 ** Math.min(state.ejections, 30));
}
