/**
 * Decides when an empty answer is believed. "Nobody is registered" right after "these are registered" is more often a
 * registry in trouble (an election, a restart, a wiped agent) than the truth, so it has to be said twice, some time
 * apart, the second time by a consistent read. It never holds back a filled answer.
 */

export interface EmptyRuleOptions {
  /** At least so long between the first empty answer and the one that confirms it. */
  readonly confirmEmptyMs: number;
  /**
   * At least so long after the registry was away or lost its index: it may have come back without its contents, and the
   * agents need a beat or two to register again.
   */
  readonly confirmEmptyAfterTroubleMs: number;
}

export interface EmptyDoubt {
  /** When the first of the empty answers came. */
  readonly sinceMs: number;
}

export type EmptyDecision =
  { readonly believe: true } | { readonly believe: false; readonly doubt: EmptyDoubt; readonly askAgainInMs: number };

export interface EmptyAnswer {
  /** The last view that was told had instances in it. */
  readonly wasFilled: boolean;
  /** The answer came from a consistent read. */
  readonly consistent: boolean;
  readonly doubt: EmptyDoubt | undefined;
  /** When the registry last answered after trouble. */
  readonly troubleEndedAtMs: number | undefined;
}

/** To be asked for every empty answer. */
export function judgeEmpty(answer: EmptyAnswer, options: EmptyRuleOptions, nowMs: number): EmptyDecision {
  if (!answer.wasFilled) return { believe: true };
  const doubt = answer.doubt ?? { sinceMs: nowMs };
  const believableAtMs = Math.max(
    doubt.sinceMs + options.confirmEmptyMs,
    (answer.troubleEndedAtMs ?? -Infinity) + options.confirmEmptyAfterTroubleMs,
  );
  if (answer.doubt !== undefined && answer.consistent && nowMs >= believableAtMs) return { believe: true };
  return { believe: false, doubt, askAgainInMs: Math.max(0, believableAtMs - nowMs) };
}
