/**
 * What happens to one call: its attempts, on which endpoints, with which ends. grpc-js hands the same object to every
 * pick of the call (as `extraPickInfo`), which is how a repetition knows where not to go.
 */
import { status, type Metadata, type StatusObject } from '@grpc/grpc-js';
import { outcomeOf } from '../core/measure/outcome';
import type { Clock } from '../core/time/clock';
import type { AttemptReason, CallMonitor } from './call-monitor';
import type { Filter, PickResult } from './grpc-experimental';
import type { EndpointConnection } from './endpoint-connection';

interface Attempt {
  readonly started: NonNullable<PickResult['onCallStarted']>;
  readonly ended: NonNullable<PickResult['onCallEnded']>;
}

export interface TracedMethod {
  readonly repeatable: boolean;
  /** More than one message may come back. */
  readonly streams: boolean;
  /** An attempt that takes longer is late; null: no attempt ever is. */
  readonly lateAfterMs: number | null;
}

export class CallTrace {
  /** Endpoints that were picked for this call, oldest first. */
  readonly tried: EndpointConnection[] = [];
  /** Attempts that are under way. */
  out = 0;
  /** What the last failed attempt said. */
  lastFailure = '';
  private readonly startedMs: number;
  /** When the last endpoint was picked, and when an attempt ended last. */
  private givenMs = -Infinity;
  private endedMs = -Infinity;
  private failedAttempts = 0;
  /** Who was waited for in vain while a later attempt was out, and since when. */
  private readonly overtaken: { readonly endpoint: EndpointConnection; readonly startedMs: number }[] = [];
  /** When the attempt began that answered; null before. */
  private answererStartedMs: number | null = null;
  /** Of a stream: its first message is here, so nobody waits for the endpoint any more. */
  private hasBegun = false;
  private offerAgain: (() => void) | null = null;
  private cancelOffer: () => void = () => undefined;

  constructor(
    readonly path: string,
    private readonly method: TracedMethod,
    private readonly monitor: CallMonitor,
    private readonly clock: Clock,
  ) {
    this.startedMs = clock.nowMs();
  }

  get repeatable(): boolean {
    return this.method.repeatable;
  }

  attemptOn(endpoint: EndpointConnection): Attempt {
    const why: AttemptReason = this.tried.length === 0 ? 'first' : this.out > 0 ? 'hedged' : 'repeated';
    this.tried.push(endpoint);
    this.givenMs = this.clock.nowMs();
    let startedMs = 0;
    return {
      started: () => {
        startedMs = this.clock.nowMs();
        this.out += 1;
        this.monitor.attemptStarted();
        endpoint.vitals.attemptStarted(startedMs);
      },
      ended: (code, details, trailers) => {
        const nowMs = this.clock.nowMs();
        this.out -= 1;
        this.endedMs = nowMs;
        // Who ends while another is still out has lost to it, and was waited for up to now.
        const waited = !this.hasBegun || this.out > 0;
        const tookMs = nowMs - startedMs;
        endpoint.vitals.attemptEnded(code, waited, tookMs, this.isPrompt(endpoint, tookMs), nowMs);
        endpoint.load.attemptEnded(trailers, nowMs);
        const record = { method: this.path, endpoint: endpoint.entry.id, code: status[code], why, tookMs };
        this.monitor.attemptEnded(record, outcomeOf(code));
        if (!this.method.streams) this.compare(endpoint, code, startedMs, nowMs);
        if (code === status.OK && !this.method.streams) this.measure([endpoint], startedMs);
        this.attemptEnded(endpoint, code, details);
      },
    };
  }

  /** Of an attempt that ends well: in time, or late but still before those that were asked later. */
  private isPrompt(endpoint: EndpointConnection, tookMs: number): boolean {
    const { streams, lateAfterMs } = this.method;
    if (streams || lateAfterMs === null) return false;
    return tookMs <= lateAfterMs || (this.tried.length > 1 && endpoint === this.tried[0]);
  }

  /** Who is cancelled in favour of an attempt that began later was outrun. The two ends come in either order. */
  private compare(endpoint: EndpointConnection, code: status, startedMs: number, nowMs: number): void {
    if (this.tried.length < 2) return;
    if (code === status.CANCELLED) this.overtaken.push({ endpoint, startedMs });
    else if (code === status.OK) this.answererStartedMs = startedMs;
    const { answererStartedMs } = this;
    if (answererStartedMs === null) return;
    for (const loser of this.overtaken.splice(0)) {
      if (loser.startedMs < answererStartedMs) loser.endpoint.vitals.outrun(nowMs);
    }
  }

  /** For how long the last attempt is not late yet, ms: grpc-js counts from when the call began to wait for an endpoint. */
  get notLateForMs(): number {
    const { lateAfterMs } = this.method;
    if (lateAfterMs === null || this.endedMs >= this.givenMs || this.tried.at(-1)?.isDown !== false) return 0;
    return this.givenMs + lateAfterMs - this.clock.nowMs();
  }

  /**
   * A further attempt was told to wait while others are out. It must be offered a place again when none is left, or
   * when the time is over.
   */
  waitForMore(offerAgain: () => void, atMostMs = Infinity): void {
    this.offerAgain = offerAgain;
    this.cancelOffer();
    if (Number.isFinite(atMostMs)) this.cancelOffer = this.clock.after(atMostMs, offerAgain);
  }

  /** The call as a whole, as its caller sees it. */
  ended(code: status): void {
    this.offerAgain = null;
    this.cancelOffer();
    const tookMs = this.clock.nowMs() - this.startedMs;
    const record = { method: this.path, code: status[code], attempts: this.tried.length, tookMs };
    this.monitor.callEnded(outcomeOf(code), this.failedAttempts, record);
  }

  filter(): Filter {
    return this.method.streams ? new StreamFilter(this) : new CallEndFilter(this);
  }

  /** Of a stream: from here on it is bound to one attempt, whose pauses mean nothing. */
  begun(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    this.measure(this.tried, this.startedMs);
  }

  /** What an outage took is no measure: for long no attempt would count as late. */
  private measure(asked: readonly EndpointConnection[], startedMs: number): void {
    if (asked.every(({ vitals }) => startedMs > vitals.lastSilenceEndedMs))
      this.monitor.attemptSucceeded(this.path, this.clock.nowMs() - startedMs);
  }

  private attemptEnded(endpoint: EndpointConnection, code: status, details: string): void {
    if (outcomeOf(code) === 'failure') {
      this.failedAttempts += 1;
      this.lastFailure = details;
      this.monitor.attemptFailed({ method: this.path, endpoint: endpoint.entry.id, code: status[code], details });
    }
    if (this.out > 0 || this.offerAgain === null) return;
    // Not from inside grpc-js's own handling of this end.
    const offer = this.offerAgain;
    this.offerAgain = null;
    setImmediate(offer);
  }
}

type WriteObject = Awaited<ReturnType<Filter['sendMessage']>>;

/** Tells the trace how the call as a whole ended. It hands everything on as it is, without a promise of its own. */
class CallEndFilter implements Filter {
  constructor(protected readonly trace: CallTrace) {}

  sendMetadata(metadata: Promise<Metadata>): Promise<Metadata> {
    return metadata;
  }

  receiveMetadata(metadata: Metadata): Metadata {
    return metadata;
  }

  sendMessage(message: Promise<WriteObject>): Promise<WriteObject> {
    return message;
  }

  receiveMessage(message: Promise<Buffer>): Promise<Buffer> {
    return message;
  }

  receiveTrailers(end: StatusObject): StatusObject {
    this.trace.ended(end.code);
    return end;
  }
}

/** Tells it when the first message has come, too. */
class StreamFilter extends CallEndFilter {
  override receiveMessage(message: Promise<Buffer>): Promise<Buffer> {
    this.trace.begun();
    return message;
  }
}
