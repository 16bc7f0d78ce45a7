/**
 * Decides when one more action is allowed: at once while the burst lasts, else at a steady pace. Pure bookkeeping: it
 * never waits by itself, and a token taken in debt counts, so that callers queue up behind each other.
 */

export interface TokenBucketOptions {
  /** Actions that may follow each other at once; at least 1. */
  readonly burst: number;
  /** One token comes back every so many ms; greater than 0. */
  readonly refillMs: number;
}

export interface TokenBucket {
  /** Tokens left at `atMs`; negative while callers wait for tokens already taken. */
  readonly tokens: number;
  readonly atMs: number;
}

export function fullBucket(options: TokenBucketOptions, nowMs: number): TokenBucket {
  return { tokens: options.burst, atMs: nowMs };
}

/** Takes one token; the action may happen in `waitMs`, 0 = now. */
export function takeToken(
  bucket: TokenBucket,
  options: TokenBucketOptions,
  nowMs: number,
): { readonly bucket: TokenBucket; readonly waitMs: number } {
  // A clock that stands still or runs backwards refills nothing.
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(options.burst, bucket.tokens + elapsedMs / options.refillMs) - 1;
  return { bucket: { tokens, atMs: Math.max(nowMs, bucket.atMs) }, waitMs: Math.max(0, -tokens * options.refillMs) };
}
