/**
 * The faults and the ways of calling that are measured, and what the process of the callers is told and answers. Types and
 * names, no deeds.
 */

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

export const PEERS = [
  'pick_first',
  'round_robin',
  'naive loop',
  'HAProxy',
  'HAProxy tuned',
  'nginx',
  'nginx tuned',
] as const;
export type PeerName = (typeof PEERS)[number];
export const UNDERSTUDY = 'Understudy';
export const CALLERS = [UNDERSTUDY, ...PEERS] as const;
export type CallerName = (typeof CALLERS)[number];

export const LOAD = {
  callsPerSecond: 250,
  /** Every how-manieth call is a MemoryAdd, which must not be repeated; the others are Adds, which may be. */
  unsafeEvery: 4,
  deadlineMs: 1_000,
  /** How long a Calculator takes for a call. */
  serviceTimeMs: 20,
} as const;

/** Where the callers of one run find their servers. */
export interface FailoverTargets {
  /** Name in the catalog, and beginning of the id of each unsafe call. */
  readonly service: string;
  /** Address of the catalog. */
  readonly consul: string;
  /** `127.0.0.1:PORT` of each server, the primary first; or of the proxy alone. */
  readonly addresses: readonly string[];
}

/**
 * In this order: `open` starts the load; two times `mark`, between which nothing is wrong; `failback` resolves when calls go
 * to `to` again; `calm` when no call failed for `calmMs`, or after `timeoutMs`; `close` ends the load, waits for its last
 * call, and answers with what happened after `faultMs`, and with the failures among the calls that began at `countFromMs` or
 * later.
 */
export type FailoverQuestion =
  | ({ readonly ask: 'open'; readonly caller: CallerName } & FailoverTargets)
  | { readonly ask: 'mark' }
  | { readonly ask: 'failback'; readonly to: string; readonly timeoutMs: number }
  | { readonly ask: 'calm'; readonly calmMs: number; readonly timeoutMs: number }
  | { readonly ask: 'close'; readonly faultMs: number; readonly countFromMs: number; readonly to: string };

/** Times are of the machine's monotonic clock, which all its processes share, in ms. */
export interface OneFailover {
  /** From the fault to the first good call on `to`; null when there was none. */
  readonly gapMs: number | null;
  /** From the fault to when the client said that it leaves the primary; null when it did not, or says nothing. */
  readonly noticedMs: number | null;
  readonly pauseMs: number;
  readonly safeLost: number;
  readonly unsafeFailed: number;
  readonly steadyAttemptsPerCall: number;
  readonly attemptsPerCall: number;
  readonly p99Ratio: number;
}

export interface FailbackTold {
  /** When the client said that it goes back; null when it did not in time, or says nothing. */
  readonly atMs: number | null;
}

export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
