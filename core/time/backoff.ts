import type { Rng } from './clock';

export interface BackoffOptions {
  /** Upper bound of the first delay, ms. */
  readonly initialMs: number;
  /** Upper bound of every delay, ms. */
  readonly maxMs: number;
  /** Growth of the upper bound per attempt. */
  readonly factor: number;
  /** Share of the delay that is random: 0 = none, 1 = "full jitter" (AWS Architecture Blog, 2015). */
  readonly jitter: number;
}

/**
 * Delay in ms before attempt number `attempt` (0 = the first repetition).
 * The bound grows as initial * factor^attempt up to max; of it, the share `jitter` is drawn at random.
 */
export function backoffMs(attempt: number, options: BackoffOptions, rng: Rng): number {
  const bound = Math.min(options.maxMs, options.initialMs * options.factor ** Math.min(attempt, 64));
  return bound * (1 - options.jitter * rng());
}
