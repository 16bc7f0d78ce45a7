/**
 * Decides which index the next blocking query waits on. It never blocks on an index that cannot be trusted: a missing,
 * zero or unreadable one, or one that went backwards (the registry was restored or came back empty).
 * Source: "Implementation Details" of Consul's blocking queries.
 */

export interface IndexDecision {
  /** What to wait on; 0n = read without waiting. */
  readonly index: bigint;
  /** `went-back`: read again at once. `unusable`: the registry gives no index, so poll slowly. */
  readonly verdict: 'usable' | 'went-back' | 'unusable';
}

/** @param previous the index that the answered query waited on; @param answered the index of the answer, as text */
export function nextWatchIndex(previous: bigint, answered: string | undefined): IndexDecision {
  // 64 bits: a JavaScript number would round. BigInt('') is 0n and BigInt('x') throws, hence the pattern.
  const index = answered !== undefined && /^\d{1,20}$/.test(answered) ? BigInt(answered) : 0n;
  if (index === 0n) return { index: 0n, verdict: 'unusable' };
  if (index < previous) return { index: 0n, verdict: 'went-back' };
  return { index, verdict: 'usable' };
}
