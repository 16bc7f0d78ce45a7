/**
 * The bound that everything which tries again shares: so many attempts in a sliding window, and a growing delay before each.
 * What an attempt is, and what happens when there are no more, is decided elsewhere.
 */
import { backoffMs } from '../time/backoff';
import type { Rng } from '../time/clock';

export interface AttemptPolicy {
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly factor: number;
  /** Within this sliding window … */
  readonly windowMs: number;
  /** … there are at most so many attempts. */
  readonly maxAttempts: number;
}

export interface AttemptsJudged {
  /** The attempts that still count, oldest first. */
  readonly recentMs: readonly number[];
  /** No further attempt is allowed now. */
  readonly exhausted: boolean;
}

/** @param atMs when attempts were made, oldest first */
export function judgeAttempts(atMs: readonly number[], policy: AttemptPolicy, nowMs: number): AttemptsJudged {
  const recentMs = atMs.filter((madeMs) => nowMs - madeMs < policy.windowMs);
  return { recentMs, exhausted: recentMs.length >= policy.maxAttempts };
}

/** Delay in ms before the next attempt after `failures` in a row. `jitter`: the share of it that is random. */
export function attemptDelayMs(failures: number, policy: AttemptPolicy, jitter: number, rng: Rng): number {
  const { initialDelayMs: initialMs, maxDelayMs: maxMs, factor } = policy;
  return backoffMs(failures, { initialMs, maxMs, factor, jitter }, rng);
}

/** The longest that all attempts of one window can wait in sum: the window must be longer, or nothing is ever given up. */
export function longestAttemptsMs(policy: Omit<AttemptPolicy, 'windowMs'>): number {
  let sum = 0;
  for (let attempt = 0; attempt < policy.maxAttempts; attempt++) {
    sum += Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.factor ** attempt);
  }
  return sum;
}

/** `2.5 s`, for sentences. */
export function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
