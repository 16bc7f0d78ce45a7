/**
 * Remembers how fast one endpoint answers, for the choice of the less burdened of two. It believes bad news at once and
 * good news slowly, and forgets what it was told long ago, so that a slow endpoint is tried again.
 *
 * The average is Finagle's peak EWMA: a sample above the average becomes the average; one below moves it by
 * 1 - e^(-time since the last sample / memory).
 */
export class EwmaLatency {
  private averageMs = 0;
  private lastMs = -Infinity;

  /** @param memoryMs after this time without samples the average has shrunk to 37 %; Finagle's is 10 s */
  constructor(private readonly memoryMs = 10_000) {}

  /**
   * @param tookMs of an attempt that succeeded; one that failed says nothing about speed, and failing fast must not
   * attract calls
   */
  add(tookMs: number, nowMs: number): void {
    const kept = this.keptAt(nowMs);
    this.averageMs = Math.max(tookMs, this.averageMs * kept + tookMs * (1 - kept));
    this.lastMs = Math.max(this.lastMs, nowMs);
  }

  /** Null before the first sample. */
  valueAt(nowMs: number): number | null {
    return this.lastMs === -Infinity ? null : this.averageMs * this.keptAt(nowMs);
  }

  /** Which part of the average is left. A clock that stands still or runs backwards forgets nothing. */
  private keptAt(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - this.lastMs) / this.memoryMs);
  }
}

export interface Burden {
  /** Attempts under way. */
  readonly underWay: number;
  readonly weight: number;
  /** What EwmaLatency says now, ms; null: nothing is known. */
  readonly latencyMs: number | null;
}

/**
 * Whether `one` is to be preferred to `other`: the product of its latency and its attempts, the new one included, is
 * smaller for its weight. While the latency of either is unknown, the attempts alone decide.
 */
export function isLighter(one: Burden, other: Burden): boolean {
  const known = one.latencyMs !== null && other.latencyMs !== null;
  return burden(one, known) < burden(other, known);
}

/** Below this, ms, differences are the machine's, not the endpoint's. */
const FINEST_MS = 0.1;

function burden({ underWay, weight, latencyMs }: Burden, known: boolean): number {
  const cost = known ? Math.max(FINEST_MS, latencyMs ?? 0) : 1;
  return (cost * (underWay + 1)) / weight;
}
