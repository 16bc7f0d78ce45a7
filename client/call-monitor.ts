/**
 * Counts what happens to the calls of one service. `seen`: failures that reached the caller; `hidden`: failed
 * attempts that a repetition made good. No payload and no metadata is looked at.
 */
import { status } from '@grpc/grpc-js';
import { outcomeOf } from '../core/measure/outcome';
import { RecentQuantile } from '../core/measure/recent-quantile';
import type { MethodCounts } from './method-counts';

export interface CallCounters {
  /** Calls that got as far as being given to an endpoint, ended ones and open ones. */
  readonly calls: number;
  readonly attempts: number;
  readonly ok: number;
  /** Ended by the caller's own fault or wish: INVALID_ARGUMENT, CANCELLED, … */
  readonly callerErrors: number;
  readonly failuresSeen: number;
  readonly failuresHidden: number;
}

export interface AttemptFailure {
  readonly method: string;
  /** Id of the instance that was tried. */
  readonly endpoint: string;
  /** gRPC status, `UNAVAILABLE`. */
  readonly code: string;
  readonly details: string;
}

/** Why an attempt was made: it is the call's first, an earlier one failed, or an earlier one is late. */
export type AttemptReason = 'first' | 'repeated' | 'hedged';

export interface AttemptRecord {
  readonly method: string;
  /** Id of the instance that was tried. */
  readonly endpoint: string;
  /** gRPC status, `OK`; CANCELLED also for one that lost to another attempt. */
  readonly code: string;
  readonly why: AttemptReason;
  readonly tookMs: number;
}

export interface CallRecord {
  readonly method: string;
  /** What its caller was told, `OK`. */
  readonly code: string;
  readonly attempts: number;
  readonly tookMs: number;
}

export interface RecentFailure extends AttemptFailure {
  /** Unix time in ms. */
  readonly atMs: number;
}

/** What a monitor tells, besides counting. */
export interface MonitorPorts {
  unixMs(): number;
  /** Given: somebody will be told of methods. */
  readonly methods?: MethodCounts;
  readonly onAttemptFailed?: (failure: AttemptFailure) => void;
  readonly onAttempt?: (record: AttemptRecord) => void;
  readonly onCall?: (record: CallRecord) => void;
}

const FAILURES_KEPT = 100;

export class CallMonitor {
  private readonly count = { calls: 0, attempts: 0, ok: 0, callerErrors: 0, failuresSeen: 0, failuresHidden: 0 };

  private readonly usualMs = new Map<string, RecentQuantile>();
  private readonly failures: RecentFailure[] = [];
  private stoodStillUntilMs = -Infinity;

  constructor(private readonly ports: MonitorPorts) {}

  callStarted(): void {
    this.count.calls += 1;
  }

  attemptStarted(): void {
    this.count.attempts += 1;
  }

  /** What was under way then took our own time, and is no measure. */
  stoodStill(untilMs: number): void {
    this.stoodStillUntilMs = untilMs;
  }

  /** Both in ms of the clock. */
  attemptSucceeded(method: string, startedMs: number, endedMs: number): void {
    if (startedMs <= this.stoodStillUntilMs) return;
    let usual = this.usualMs.get(method);
    if (usual === undefined) {
      usual = new RecentQuantile(0.99);
      this.usualMs.set(method, usual);
    }
    usual.add(endedMs - startedMs);
  }

  /** 99 % of the good attempts of this method took less, ms; null before the first. */
  usualAttemptMs(method: string): number | null {
    return this.usualMs.get(method)?.value ?? null;
  }

  attemptFailed(failure: AttemptFailure): void {
    if (this.failures.length === FAILURES_KEPT) this.failures.shift();
    this.failures.push({ ...failure, atMs: this.ports.unixMs() });
    this.ports.onAttemptFailed?.(failure);
  }

  attemptEnded(method: string, endpoint: string, code: status, why: AttemptReason, tookMs: number): void {
    this.ports.methods?.attemptEnded(method, endpoint, outcomeOf(code) === 'failure');
    this.ports.onAttempt?.({ method, endpoint, code: status[code], why, tookMs });
  }

  callEnded(method: string, code: status, attempts: number, failedAttempts: number, tookMs: number): void {
    this.ports.onCall?.({ method, code: status[code], attempts, tookMs });
    const outcome = outcomeOf(code);
    const seen = outcome === 'failure' ? 1 : 0;
    const hidden = Math.max(0, failedAttempts - seen);
    this.count.failuresSeen += seen;
    this.count.failuresHidden += hidden;
    this.ports.methods?.callEnded(method, seen, hidden);
    if (outcome === 'failure') return;
    if (outcome === 'ok') this.count.ok += 1;
    else this.count.callerErrors += 1;
  }

  counters(): CallCounters {
    return { ...this.count };
  }

  /** The last hundred failed attempts, oldest first. */
  recentFailures(): readonly RecentFailure[] {
    return [...this.failures];
  }
}
