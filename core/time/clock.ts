/**
 * Time as a port. The real one stands in runtime/system-clock.ts, a virtual one in test/support.
 */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary origin: for durations and leases. */
  nowMs(): number;
  /** Unix time in milliseconds: for stamps that people and other machines read. */
  unixMs(): number;
  /** Calls `fire` once after `delayMs`; never before. The returned function cancels it and may be called at any time. */
  after(delayMs: number, fire: () => void): () => void;
  /** Calls `fire` once when what has come from outside by now has been taken in: after a standstill, timers go off before it. */
  afterArrivals(fire: () => void): void;
}

/** Uniform random numbers in [0, 1), as Math.random gives them. */
export type Rng = () => number;
