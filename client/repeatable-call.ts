/**
 * A call that may be sent again, from its first endpoint on: it goes to another one at once when an attempt fails, and beside
 * an attempt that is late. Its caller is shown nothing of an attempt until a further one could not better it any more:
 * grpc-js would bind the call to the headers of an answer, and a server that is killed between its headers and its first
 * message would take the call with it. A single answer is held until it is whole, a stream until its first message.
 *
 * When nobody else is left to ask, the failure goes up to grpc-js's own retries, which wait and pick anew.
 */
import { status, type Metadata } from '@grpc/grpc-js';
import type { Clock } from '../core/time/clock';
import { hedgeAfterMs } from '../core/decide/hedge';
import type { Attempt } from './call-trace';
import type { CallEnd, CallListener, SubchannelCall } from './grpc-experimental';
import { REPEATED_STATUSES, streamsAnswers } from './method-safety';
import { remainingTimeout, timeoutMs } from './remaining-timeout';
import { NOT_WATCHED, type SecondAttempts, type WatchedCall } from './second-attempts';

/** What grpc-js wants sent. */
export interface CallWish {
  readonly metadata: Metadata;
  readonly host: string;
  readonly path: string;
  readonly listener: CallListener;
  readonly callId: number | undefined;
}

/** A caller may wait for the headers of a stream before it reads on, so they are not held for ever. */
const HEADERS_HELD_MS = 1_000;
/** A call that has sent more is bound to its attempt; grpc-js keeps as much of one call for its retries by default. */
const MOST_BYTES_KEPT = 1_048_576;
/** gRFC A6. */
const PREVIOUS_ATTEMPTS_KEY = 'grpc-previous-rpc-attempts';
const PUSHBACK_KEY = 'grpc-retry-pushback-ms';
const TIMEOUT_KEY = 'grpc-timeout';
const NOTHING = (): void => undefined;
const NO_LEGS: readonly Leg[] = [];
/** Never added to. */
const NOTHING_KEPT: Buffer[] = [];
const NO_MESSAGES: readonly unknown[] = [];

export class RepeatableCall implements SubchannelCall, WatchedCall {
  dueMs = Infinity;
  place = NOT_WATCHED;
  /** Attempts under way, oldest first. */
  private out = NO_LEGS;
  private latest: Leg;
  /** The attempt whose answer the caller sees; null: still open. */
  private bound: Leg | null = null;
  /** The caller, its deadline or grpc-js has ended the call. */
  private cancelled = false;
  /** The failure that goes up to grpc-js's retries: of a server that asked for a pause, or of one that is well again. */
  private toRetryLater: CallEnd | null = null;
  private lastFailure: CallEnd | null = null;
  private sent = NOTHING_KEPT;
  private sentBytes = 0;
  private reading = false;
  private halfClosed = false;
  private readonly openedMs: number;

  /** @throws what the connection throws when it cannot take the call */
  constructor(
    readonly wish: CallWish,
    first: Attempt,
    private readonly calls: SecondAttempts,
    readonly clock: Clock,
  ) {
    this.latest = this.open(first, wish.metadata, wish.callId);
    this.openedMs = first.startedMs;
  }

  isStuckAt(nowMs: number): boolean {
    return nowMs >= this.dueMs || !this.out.includes(this.latest) || this.latest.attempt.endpoint.isDown;
  }

  moveOn(): void {
    if (this.bound === null && !this.cancelled && !this.goElsewhere()) this.handOver();
  }

  private goElsewhere(): boolean {
    const { trace } = this.latest.attempt;
    if (!trace.repeatable || this.toRetryLater !== null) return false;
    const attempt = this.calls.place(trace);
    if (attempt === null) return false;
    try {
      this.latest = this.open(attempt, this.metadataOfRepeat(trace.tried.length - 1), undefined);
    } catch {
      // Its connection is going; the balancer will hear of it.
      return false;
    }
    const { call } = this.latest;
    if (this.reading) call.startRead();
    for (const message of this.sent) call.sendMessageWithContext({ callback: NOTHING }, message);
    if (this.halfClosed) call.halfClose();
    return true;
  }

  /**
   * All that is left waits for endpoints that are down, while one that failed before is well: grpc-js's retries pause, and may
   * ask it again.
   */
  private handOver(): void {
    if (this.out.length === 0 || this.lastFailure === null || !this.calls.isAnybodyUp) return;
    if (!this.out.every(({ attempt }) => attempt.endpoint.isDown)) return;
    this.toRetryLater ??= this.lastFailure;
    this.cancelWithStatus(status.CANCELLED, 'its endpoint is down');
  }

  headersCame(leg: Leg, headers: Metadata): void {
    if (leg === this.bound) this.wish.listener.onReceiveMetadata(headers);
    if (this.bound !== null) return;
    leg.headers = headers;
    const { shape } = leg.attempt.trace.method;
    if (shape === 'both-streams') this.bind(leg);
    else if (shape === 'server-stream') leg.holdHeaders(HEADERS_HELD_MS);
  }

  messageCame(leg: Leg, message: unknown): void {
    if (this.bound === null) {
      leg.messages = leg.messages.length === 0 ? [message] : [...leg.messages, message];
      if (streamsAnswers(leg.attempt.trace.method.shape)) this.bind(leg);
    } else if (leg === this.bound) this.wish.listener.onReceiveMessage(message);
  }

  ended(leg: Leg, end: CallEnd): void {
    this.out = this.out.length === 1 ? NO_LEGS : without(leg, this.out);
    const { trace } = leg.attempt;
    trace.attemptEnded(leg.attempt, end.code, end.details, end.metadata);
    if (this.bound === null && !REPEATED_STATUSES.includes(end.code)) this.bind(leg);
    if (leg === this.bound) this.wish.listener.onReceiveStatus(end);
    else if (this.bound === null) this.failed(end);
  }

  /** Shows the caller this attempt, and ends all others. */
  bind(leg: Leg): void {
    if (this.bound !== null) return;
    this.bound = leg;
    this.calls.forget(this);
    this.sent = NOTHING_KEPT;
    for (const other of this.out) {
      if (other !== leg) other.call.cancelWithStatus(status.CANCELLED, 'another attempt was answered before');
    }
    const { headers, messages } = leg;
    leg.messages = NO_MESSAGES;
    if (headers !== null) this.wish.listener.onReceiveMetadata(headers);
    for (const message of messages) this.wish.listener.onReceiveMessage(message);
  }

  cancelWithStatus(code: status, details: string): void {
    this.cancelled = true;
    this.calls.forget(this);
    for (const { call } of this.out) call.cancelWithStatus(code, details);
  }

  sendMessageWithContext(context: Parameters<SubchannelCall['sendMessageWithContext']>[0], message: Buffer): void {
    this.sentBytes += message.length;
    if (this.sentBytes > MOST_BYTES_KEPT) {
      const kept = this.out.find(({ attempt }) => !attempt.endpoint.isDown) ?? this.out[0];
      if (kept !== undefined) this.bind(kept);
    }
    if (this.bound === null) this.keep(message);
    const takers = this.takers();
    // The next message may come when the quickest attempt has taken this one.
    const each = takers.length > 1 ? { ...context, callback: once(context.callback) } : context;
    for (const { call } of takers) call.sendMessageWithContext(each, message);
  }

  startRead(): void {
    this.reading = true;
    for (const { call } of this.takers()) call.startRead();
  }

  halfClose(): void {
    this.halfClosed = true;
    for (const { call } of this.takers()) call.halfClose();
  }

  getPeer(): string {
    return this.shown.getPeer();
  }

  getCallNumber(): number {
    return this.shown.getCallNumber();
  }

  getDeadlineInfo(): string[] {
    return this.out.flatMap(({ call }) => call.getDeadlineInfo());
  }

  getAuthContext(): ReturnType<SubchannelCall['getAuthContext']> {
    return this.shown.getAuthContext();
  }

  private get shown(): SubchannelCall {
    return (this.bound ?? this.latest).call;
  }

  /** Most calls send one message, and an array that is pushed to has room for many. */
  private keep(message: Buffer): void {
    if (this.sent.length === 0) this.sent = [message];
    else this.sent.push(message);
  }

  private takers(): readonly Leg[] {
    return this.bound === null ? this.out : [this.bound];
  }

  private open(attempt: Attempt, metadata: Metadata, callId: number | undefined): Leg {
    const leg = new Leg(this, attempt, metadata, callId);
    const { trace } = attempt;
    this.out = this.out.length === 0 ? [leg] : [...this.out, leg];
    trace.attemptStarted(attempt);
    const { hedged, lateAfterMs, usualMs } = trace.method;
    if (hedged) {
      const timeout = metadata.get(TIMEOUT_KEY)[0];
      const leftMs = typeof timeout === 'string' ? timeoutMs(timeout) : Infinity;
      this.dueMs = attempt.startedMs + hedgeAfterMs(lateAfterMs, usualMs, leftMs);
      this.calls.watch(this);
    }
    return leg;
  }

  /** An attempt that is neither late nor lost is waited for before there is one more. */
  private failed(end: CallEnd): void {
    if (end.metadata.get(PUSHBACK_KEY).length > 0) this.toRetryLater = end;
    this.lastFailure = end;
    const wasLast = this.out.length === 0;
    if (this.isStuckAt(this.clock.nowMs())) this.moveOn();
    if (!wasLast || this.out.length > 0) return;
    this.calls.forget(this);
    this.wish.listener.onReceiveStatus(this.toRetryLater ?? end);
  }

  private metadataOfRepeat(before: number): Metadata {
    const metadata = this.wish.metadata.clone();
    metadata.set(PREVIOUS_ATTEMPTS_KEY, `${before}`);
    const timeout = metadata.get(TIMEOUT_KEY)[0];
    const goneMs = this.clock.nowMs() - this.openedMs;
    if (typeof timeout === 'string') metadata.set(TIMEOUT_KEY, remainingTimeout(timeout, goneMs));
    return metadata;
  }
}

/** One attempt on the wire. */
class Leg implements CallListener {
  readonly call: SubchannelCall;
  headers: Metadata | null = null;
  /** Not shown yet. */
  messages = NO_MESSAGES;
  private cancelHolding = NOTHING;

  constructor(
    private readonly owner: RepeatableCall,
    readonly attempt: Attempt,
    metadata: Metadata,
    callId: number | undefined,
  ) {
    const { host, path } = owner.wish;
    this.call = attempt.connection.open(metadata, host, path, this, callId);
  }

  holdHeaders(forMs: number): void {
    this.cancelHolding = this.owner.clock.after(forMs, () => {
      if (this.attempt.endpoint.isDown) this.holdHeaders(forMs);
      else this.owner.bind(this);
    });
  }

  onReceiveMetadata(headers: Metadata): void {
    this.owner.headersCame(this, headers);
  }

  onReceiveMessage(message: unknown): void {
    this.owner.messageCame(this, message);
  }

  onReceiveStatus(end: CallEnd): void {
    this.cancelHolding();
    this.owner.ended(this, end);
  }
}

/** Apart, for a closure would cost the end of every call, though hardly any gets here. */
function without(leg: Leg, legs: readonly Leg[]): readonly Leg[] {
  return legs.filter((other) => other !== leg);
}

type Callback = Parameters<SubchannelCall['sendMessageWithContext']>[0]['callback'];

function once(callback: Callback): NonNullable<Callback> {
  let isDone = false;
  return (error) => {
    if (isDone) return;
    isDone = true;
    callback?.(error);
  };
}
