/**
 * What happens to one call: its attempts, on which endpoints, with which ends. grpc-js hands the same object to every
 * pick of the call (as `extraPickInfo`), which is how a repetition knows where not to go. It is the call's filter too,
 * which tells it how the call as a whole ended. Every call pays for what is made here, so it is as little as possible.
 */
import { status, type Metadata, type StatusObject } from '@grpc/grpc-js';
import { outcomeOf } from '../core/measure/outcome';
import type { Clock } from '../core/time/clock';
import type { AttemptReason, CallMonitor } from './call-monitor';
import { PickResultType, type Filter, type PickResult } from './grpc-experimental';
import type { EndpointConnection } from './endpoint-connection';

export interface TracedMethod {
  readonly repeatable: boolean;
  /** More than one message may come back. */
  readonly streams: boolean;
  /** An attempt that takes longer is late; null: no attempt ever is. */
  readonly lateAfterMs: number | null;
}

type Subchannel = PickResult['subchannel'];
type WriteObject = Awaited<ReturnType<Filter['sendMessage']>>;

interface Waiter {
  readonly endpoint: EndpointConnection;
  readonly startedMs: number;
}

const NOBODY: readonly EndpointConnection[] = [];
const NOTHING = (): void => undefined;

export class CallTrace implements Filter {
  /** Endpoints that were picked for this call, oldest first. */
  tried = NOBODY;
  /** Attempts that are under way. */
  out = 0;
  /** What the last failed attempt said. */
  lastFailure = '';
  /** When the call began, ms of the clock. */
  readonly startedMs: number;
  /** When the last endpoint was picked, and when an attempt ended last. */
  private givenMs = -Infinity;
  private endedMs = -Infinity;
  private failedAttempts = 0;
  /** How many had been tried when a hedge was put off. */
  private listenedFor = 0;
  /** Who was waited for in vain while a later attempt was out, and since when. */
  private overtaken: Waiter[] | null = null;
  /** When the attempt began that answered; null before. */
  private answererStartedMs: number | null = null;
  /** Of a stream: its first message is here, so nobody waits for the endpoint any more. */
  private hasBegun = false;
  private offerAgain: (() => void) | null = null;
  private cancelOffer = NOTHING;

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

  /** The pick that begins an attempt there. */
  attemptOn(endpoint: EndpointConnection, subchannel: Subchannel): PickResult {
    const why: AttemptReason = this.tried.length === 0 ? 'first' : this.out > 0 ? 'hedged' : 'repeated';
    this.tried = this.tried.length === 0 ? [endpoint] : [...this.tried, endpoint];
    this.givenMs = this.clock.nowMs();
    let startedMs = 0;
    return {
      pickResultType: PickResultType.COMPLETE,
      subchannel,
      status: null,
      onCallStarted: () => {
        startedMs = this.clock.nowMs();
        this.out += 1;
        this.monitor.attemptStarted();
        endpoint.vitals.attemptStarted(startedMs);
      },
      onCallEnded: (code, details, trailers) => {
        const nowMs = this.clock.nowMs();
        this.out -= 1;
        this.endedMs = nowMs;
        // Who ends while another is still out has lost to it, and was waited for up to now.
        const waited = !this.hasBegun || this.out > 0;
        const tookMs = nowMs - startedMs;
        endpoint.vitals.attemptEnded(code, waited, tookMs, this.isPrompt(endpoint, tookMs), nowMs);
        endpoint.load.attemptEnded(trailers, nowMs);
        this.monitor.attemptEnded(this.path, endpoint.entry.id, code, why, tookMs);
        if (!this.method.streams) {
          this.compare(endpoint, code, startedMs, nowMs);
          if (code === status.OK) this.measure(endpoint, startedMs, nowMs);
        }
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
    if (code === status.CANCELLED) (this.overtaken ??= []).push({ endpoint, startedMs });
    else if (code === status.OK) this.answererStartedMs = startedMs;
    const { answererStartedMs, overtaken } = this;
    if (answererStartedMs === null || overtaken === null) return;
    this.overtaken = null;
    for (const loser of overtaken) if (loser.startedMs < answererStartedMs) loser.endpoint.vitals.outrun(nowMs);
  }

  /** For how long the last attempt is not late yet, ms: grpc-js counts from when the call began to wait for an endpoint. */
  get notLateForMs(): number {
    const { lateAfterMs } = this.method;
    if (lateAfterMs === null || this.endedMs >= this.givenMs || this.tried.at(-1)?.isDown !== false) return 0;
    return this.givenMs + lateAfterMs - this.clock.nowMs();
  }

  /**
   * Timers go off before sockets are read: after a pause of our own all attempts look late, though their answers are here
   * already. So a hedge is put off once, until what has come was read.
   */
  hasListened(): boolean {
    const hasListened = this.out === 0 || this.listenedFor === this.tried.length;
    this.listenedFor = this.tried.length;
    return hasListened;
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

  /** Each call has a trace of its own, which grpc-js asks for its filter once. */
  createFilter(): Filter {
    return this;
  }

  sendMetadata(metadata: Promise<Metadata>): Promise<Metadata> {
    return metadata;
  }

  receiveMetadata(metadata: Metadata): Metadata {
    return metadata;
  }

  sendMessage(message: Promise<WriteObject>): Promise<WriteObject> {
    return message;
  }

  /** Of a stream: from the first message on it is bound to one attempt, whose pauses mean nothing. */
  receiveMessage(message: Promise<Buffer>): Promise<Buffer> {
    if (this.method.streams && !this.hasBegun) {
      this.hasBegun = true;
      if (!this.tried.some((endpoint) => this.wasSilent(endpoint, this.startedMs)))
        this.monitor.attemptSucceeded(this.path, this.clock.nowMs() - this.startedMs);
    }
    return message;
  }

  /** The call as a whole, as its caller sees it. */
  receiveTrailers(end: StatusObject): StatusObject {
    this.offerAgain = null;
    this.cancelOffer();
    const tookMs = this.clock.nowMs() - this.startedMs;
    this.monitor.callEnded(this.path, end.code, this.tried.length, this.failedAttempts, tookMs);
    return end;
  }

  /** What an outage took is no measure: for long no attempt would count as late. */
  private measure(endpoint: EndpointConnection, startedMs: number, nowMs: number): void {
    if (!this.wasSilent(endpoint, startedMs)) this.monitor.attemptSucceeded(this.path, nowMs - startedMs);
  }

  private wasSilent({ vitals }: EndpointConnection, sinceMs: number): boolean {
    return sinceMs <= vitals.lastSilenceEndedMs;
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
