/**
 * What happens in the world, as those who judge it hear of it. They look, and never touch.
 */
import type { status } from '@grpc/grpc-js';
import type { Candidate, TierChange } from '../core/decide/failover';
import type { CatalogEntry } from '../core/domain/instance';
import type { CallEnd } from './call';
import type { Fault } from './faults';
import type { Execution } from './server';

export interface CallRecord {
  readonly id: number;
  readonly caller: string;
  readonly isSafe: boolean;
  readonly startedMs: number;
}

export interface WorldListener {
  onCall(call: CallRecord): void;
  onCallEnd(call: CallRecord, end: CallEnd): void;
  /** @param isFirst it is no repetition and no hedge */
  onAttempt(call: CallRecord, server: string, isFirst: boolean): void;
  onAttemptEnd(call: CallRecord, server: string, code: status): void;
  onExecution(execution: Execution): void;
  onEndpoint(caller: string, candidate: Candidate): void;
  onTierChange(caller: string, change: TierChange, reason: string): void;
  onView(caller: string, entries: readonly CatalogEntry[]): void;
  onConnection(caller: string, server: string, isReady: boolean): void;
  /** An agent starts its server. */
  onLaunch(instance: string): void;
  /** An agent signals its server, which still runs. */
  onSignal(instance: string, signal: string): void;
  onServerEnd(instance: string): void;
  /** @param untilMs when it has ended, but for what follows from it */
  onFault(fault: Fault, untilMs: number): void;
  /** After every event. */
  onStep(): void;
}
