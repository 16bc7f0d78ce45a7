/**
 * What happens to one call: its attempts, on which endpoints, with which ends. grpc-js hands the same object to every
 * pick of the call (as `extraPickInfo`), which is how a repetition knows where not to go. It is the call's filter too,
 * which tells it how the call as a whole ended. Every call pays for what is made here, so it is as little as possible.
 */
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { outcomeOf } from '../core/measure/outcome';
import type { Clock } from '../core/time/clock';
import type { AttemptReason, CallMonitor } from './call-monitor';
import type { EndpointVitals, Pace } from './endpoint-vitals';
import type { Filter, RealSubchannel, SubchannelCall } from './grpc-experimental';
import type { LoadReports } from './load-reports';
import { streamsAnswers, type MethodShape } from './method-safety';

export interface TracedMethod {
  readonly shape: MethodShape;
  /** Nothing is shown of an attempt that another one could still better. */
  readonly held: boolean;
  /** It may be sent to another endpoint when its attempt fails, … */
  readonly repeatable: boolean;
  /** … and when its attempt is late. */
  readonly hedged: boolean;
  /** All but one in a hundred of its good attempts took less lately; null: nothing is known. */
  readonly usualMs: number | null;
  /** An attempt that takes longer is late. */
  readonly lateAfterMs: number;
  readonly maxAttempts: number;
}

/** What a call has to do with an endpoint. */
export interface TriedEndpoint {
  readonly entry: { readonly id: string };
  /** Calls on it wait in vain. */
  readonly isDown: boolean;
  readonly vitals: EndpointVitals;
  readonly load: LoadReports;
}

/** A connection that puts an attempt on the wire. */
export interface Connection {
  open(...wish: Parameters<RealSubchannel['createCall']>): SubchannelCall;
}

/** One attempt of a call, from its pick to its end. */
export interface Attempt {
  readonly trace: CallTrace;
  readonly endpoint: TriedEndpoint;
  /** The endpoint's when it was picked. */
  readonly connection: Connection;
  readonly why: AttemptReason;
  /** Ms of the clock. */
  startedMs: number;
  /** Of the endpoint's connections, as its vitals count them. */
  onConnection: number;
}

type WriteObject = Awaited<ReturnType<Filter['sendMessage']>>;

const NOBODY: readonly TriedEndpoint[] = [];
const UNKNOWN_END: StatusObject = { code: status.UNAVAILABLE, details: 'not started', metadata: new Metadata() };

export class CallTrace implements Filter {
  /** Endpoints that were picked for this call, oldest first. */
  tried = NOBODY;
  /** Attempts that are under way. */
  out = 0;
  /** How the last attempt ended that was not good. */
  lastEnd: StatusObject = UNKNOWN_END;
  /** When the call began, ms of the clock. */
  readonly startedMs: number;
  private failedAttempts = 0;
  /** Who was waited for in vain while a later attempt was out. */
  private overtaken: Attempt[] | null = null;
  /** When the attempt began that answered; null before. */
  private answererStartedMs: number | null = null;
  /** Of a stream: its first message is here, so nobody waits for the endpoint any more. */
  private hasBegun = false;

  constructor(
    readonly path: string,
    readonly method: TracedMethod,
    private readonly monitor: CallMonitor,
    private readonly clock: Clock,
  ) {
    this.startedMs = clock.nowMs();
  }

  get repeatable(): boolean {
    return this.method.repeatable;
  }

  get held(): boolean {
    return this.method.held;
  }

  /** How it ends can be held against how long its kind takes. */
  get measured(): boolean {
    return this.method.hedged && !this.streams;
  }

  get mayTryMore(): boolean {
    return this.tried.length < this.method.maxAttempts;
  }

  private get streams(): boolean {
    return streamsAnswers(this.method.shape);
  }

  /** A pick: the attempt has still to be started. */
  attemptOn(endpoint: TriedEndpoint, connection: Connection): Attempt {
    const why: AttemptReason = this.tried.length === 0 ? 'first' : this.out > 0 ? 'hedged' : 'repeated';
    this.tried = this.tried.length === 0 ? [endpoint] : [...this.tried, endpoint];
    return { trace: this, endpoint, connection, why, startedMs: 0, onConnection: 0 };
  }

  attemptStarted(attempt: Attempt): void {
    attempt.startedMs = this.clock.nowMs();
    this.out += 1;
    this.monitor.attemptStarted();
    attempt.onConnection = attempt.endpoint.vitals.attemptStarted(attempt.startedMs);
  }

  attemptEnded(attempt: Attempt, code: status, details: string, trailers: Metadata): void {
    const { endpoint, startedMs, onConnection, why } = attempt;
    const nowMs = this.clock.nowMs();
    this.out -= 1;
    // Who ends while another is still out has lost to it, and was waited for up to now.
    const waited = !this.hasBegun || this.out > 0;
    const tookMs = nowMs - startedMs;
    endpoint.vitals.attemptEnded(onConnection, code, waited, tookMs, this.paceOf(attempt, code, tookMs), nowMs);
    endpoint.load.attemptEnded(trailers, nowMs);
    this.monitor.attemptEnded(this.path, endpoint.entry.id, code, why, tookMs);
    if (!this.streams) {
      this.compare(attempt, code, nowMs);
      if (code === status.OK) this.measure(endpoint, startedMs, nowMs);
    }
    if (code === status.OK) return;
    // What was taken back is no reason, where there is one.
    if (code !== status.CANCELLED || this.lastEnd === UNKNOWN_END) this.lastEnd = { code, details, metadata: trailers };
    if (outcomeOf(code) !== 'failure') return;
    this.failedAttempts += 1;
    this.monitor.attemptFailed({ method: this.path, endpoint: endpoint.entry.id, code: status[code], details });
  }

  private paceOf({ endpoint }: Attempt, code: status, tookMs: number): Pace {
    const { hedged, usualMs, lateAfterMs } = this.method;
    if (this.streams) return 'unknown';
    // Late, but still before those that were asked later.
    const won = code === status.OK && this.tried.length > 1 && endpoint === this.tried[0];
    // What nobody is asked beside takes a slow server's time for the usual.
    if (won || tookMs <= lateAfterMs) return hedged ? 'prompt' : 'unknown';
    return usualMs === null ? 'unknown' : 'late';
  }

  /** Who is cancelled in favour of an attempt that began later was outrun. The two ends come in either order. */
  private compare(attempt: Attempt, code: status, nowMs: number): void {
    if (this.tried.length < 2) return;
    if (code === status.CANCELLED) (this.overtaken ??= []).push(attempt);
    else if (code === status.OK) this.answererStartedMs = attempt.startedMs;
    const { answererStartedMs, overtaken } = this;
    if (answererStartedMs === null || overtaken === null) return;
    this.overtaken = null;
    for (const loser of overtaken) if (loser.startedMs < answererStartedMs) loser.endpoint.vitals.outrun(nowMs);
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

  receiveMessage(message: Promise<Buffer>): Promise<Buffer> {
    if (this.streams && !this.hasBegun) this.begin();
    return message;
  }

  /** The call as a whole, as its caller sees it. */
  receiveTrailers(end: StatusObject): StatusObject {
    const tookMs = this.clock.nowMs() - this.startedMs;
    this.monitor.callEnded(this.path, end.code, this.tried.length, this.failedAttempts, tookMs);
    return end;
  }

  /** Of a stream: from the first message on it is bound to one attempt, whose pauses mean nothing. */
  private begin(): void {
    this.hasBegun = true;
    if (!this.tried.some((endpoint) => this.wasSilent(endpoint, this.startedMs)))
      this.monitor.attemptSucceeded(this.path, this.startedMs, this.clock.nowMs());
  }

  /** What an outage took is no measure: for long no attempt would count as late. */
  private measure(endpoint: TriedEndpoint, startedMs: number, nowMs: number): void {
    if (!this.wasSilent(endpoint, startedMs)) this.monitor.attemptSucceeded(this.path, startedMs, nowMs);
  }

  private wasSilent({ vitals }: TriedEndpoint, sinceMs: number): boolean {
    return sinceMs <= vitals.lastSilenceEndedMs;
  }
}
