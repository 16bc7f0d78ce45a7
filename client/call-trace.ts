/**
 * What happens to one call: its attempts, on which endpoints, with which ends. grpc-js hands the same object to every
 * pick of the call (as `extraPickInfo`), which is how a repetition knows where not to go.
 */
import { status, type StatusObject } from '@grpc/grpc-js';
import { outcomeOf } from '../core/measure/outcome';
import type { CallMonitor } from './call-monitor';
import { BaseFilter } from './grpc-experimental';
import type { EndpointConnection } from './endpoint-connection';

export class CallTrace {
  /** Endpoints that were picked for this call, oldest first. */
  readonly tried: EndpointConnection[] = [];
  private failedAttempts = 0;

  constructor(
    readonly method: string,
    private readonly monitor: CallMonitor,
  ) {}

  attemptStarted(): void {
    this.monitor.attemptStarted();
  }

  attemptEnded(endpoint: EndpointConnection, code: status, details: string): void {
    if (outcomeOf(code) !== 'failure') return;
    this.failedAttempts += 1;
    this.monitor.attemptFailed({ method: this.method, endpoint: endpoint.entry.id, code: status[code], details });
  }

  ended(code: status): void {
    this.monitor.callEnded(outcomeOf(code), this.failedAttempts);
  }
}

/** Tells the trace how the call as a whole ended, as its caller sees it. */
export class CallEndFilter extends BaseFilter {
  constructor(private readonly trace: CallTrace) {
    super();
  }

  override receiveTrailers(end: StatusObject): StatusObject {
    this.trace.ended(end.code);
    return end;
  }
}
