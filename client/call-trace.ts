/**
 * What happens to one call: its attempts, on which endpoints, with which ends. grpc-js hands the same object to every
 * pick of the call (as `extraPickInfo`), which is how a repetition knows where not to go.
 */
import { status, type StatusObject } from '@grpc/grpc-js';
import { outcomeOf } from '../core/measure/outcome';
import type { Clock } from '../core/time/clock';
import type { CallMonitor } from './call-monitor';
import { BaseFilter, type PickResult } from './grpc-experimental';
import type { EndpointConnection } from './endpoint-connection';

interface Attempt {
  readonly started: NonNullable<PickResult['onCallStarted']>;
  readonly ended: NonNullable<PickResult['onCallEnded']>;
}

export class CallTrace {
  /** Endpoints that were picked for this call, oldest first. */
  readonly tried: EndpointConnection[] = [];
  /** Attempts that are under way. */
  out = 0;
  /** What the last failed attempt said. */
  lastFailure = '';
  private failedAttempts = 0;
  private offerAgain: (() => void) | null = null;

  constructor(
    readonly method: string,
    readonly repeatable: boolean,
    private readonly monitor: CallMonitor,
    private readonly clock: Clock,
  ) {}

  attemptOn(endpoint: EndpointConnection): Attempt {
    let startedMs = 0;
    return {
      started: () => {
        startedMs = this.clock.nowMs();
        this.out += 1;
        this.monitor.attemptStarted();
        endpoint.vitals.attemptStarted(startedMs);
      },
      ended: (code, details) => {
        const nowMs = this.clock.nowMs();
        this.out -= 1;
        endpoint.vitals.attemptEnded(code, nowMs);
        this.attemptEnded(endpoint, code, details, nowMs - startedMs);
      },
    };
  }

  /** A further attempt was told to wait while others are out. When none is left, it must be offered a place again. */
  waitForMore(offerAgain: () => void): void {
    this.offerAgain = offerAgain;
  }

  /** The call as a whole, as its caller sees it. */
  ended(code: status): void {
    this.offerAgain = null;
    this.monitor.callEnded(outcomeOf(code), this.failedAttempts);
  }

  private attemptEnded(endpoint: EndpointConnection, code: status, details: string, tookMs: number): void {
    if (code === status.OK) this.monitor.attemptSucceeded(this.method, tookMs);
    if (outcomeOf(code) === 'failure') {
      this.failedAttempts += 1;
      this.lastFailure = details;
      this.monitor.attemptFailed({ method: this.method, endpoint: endpoint.entry.id, code: status[code], details });
    }
    if (this.out > 0 || this.offerAgain === null) return;
    // Not from inside grpc-js's own handling of this end.
    const offer = this.offerAgain;
    this.offerAgain = null;
    setImmediate(offer);
  }
}

/** Tells the trace how the call as a whole ended. */
export class CallEndFilter extends BaseFilter {
  constructor(private readonly trace: CallTrace) {
    super();
  }

  override receiveTrailers(end: StatusObject): StatusObject {
    this.trace.ended(end.code);
    return end;
  }
}
