/** The faults that are measured, and what the process of the callers is told and answers. Types and names, no deeds. */

export const FAULTS = [
  'kill -9',
  'SIGSTOP',
  'packets dropped',
  'every call UNAVAILABLE',
  'NOT_SERVING',
  'SIGTERM',
  'failback',
] as const;
export type FaultName = (typeof FAULTS)[number];

export const LOAD = {
  callsPerSecond: 250,
  /** Every how-manieth call is a MemoryAdd, which must not be repeated; the others are Adds, which may be. */
  unsafeEvery: 4,
  deadlineMs: 1_000,
  /** How long a Calculator takes for a call. */
  serviceTimeMs: 20,
} as const;

/**
 * In this order: `open` starts the load; two times `mark`, between which nothing is wrong; `failback` resolves when the client
 * went back to the primary; `close` ends the load, waits for its last call, and answers with what happened after
 * `faultMs`, and with the failures among the calls that began at `countFromMs` or later.
 */
export type FailoverQuestion =
  | { readonly ask: 'open'; readonly service: string; readonly consul: string }
  | { readonly ask: 'mark' }
  | { readonly ask: 'failback'; readonly timeoutMs: number }
  | { readonly ask: 'close'; readonly faultMs: number; readonly countFromMs: number; readonly to: string };

/** Times are of the machine's monotonic clock, which all its processes share, in ms. */
export interface OneFailover {
  /** From the fault to the first good call on `to`; null when there was none. */
  readonly gapMs: number | null;
  readonly pauseMs: number;
  readonly safeLost: number;
  readonly unsafeFailed: number;
  readonly steadyAttemptsPerCall: number;
  readonly attemptsPerCall: number;
  readonly p99Ratio: number;
}

export interface FailbackTold {
  /** When the client said that it went back; null when it did not in time. */
  readonly atMs: number | null;
}

export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
