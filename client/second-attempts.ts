/**
 * Watches the repeatable calls of one channel that are under way, and finds those another endpoint that wait for longer than
 * such calls usually do, or wait for an endpoint that went down. One timer serves them all, and nothing is kept of a call
 * that has ended: a timer for each call, as grpc-js's own hedging sets it, costs about a tenth of the call.
 */
import type { Clock } from '../core/time/clock';
import type { Attempt, CallTrace } from './call-trace';

export interface WatchedCall {
  /** When its latest attempt is late, ms of the clock. */
  readonly dueMs: number;
  /** Among those that are watched; NOT_WATCHED: nowhere. */
  place: number;
  /** Its latest attempt is late, has failed, or waits for an endpoint that is down. */
  isStuckAt(nowMs: number): boolean;
  /** Sends it to one more endpoint, if there is one. */
  moveOn(): void;
}

/** Is told when this side stood still, and until when, ms of the clock. */
export interface StandstillListener {
  stoodStill(untilMs: number): void;
}

/** Knows the endpoints of this moment. */
export interface Places {
  pickElsewhere(trace: CallTrace): Attempt | null;
  /** Somebody would take a call, and is not silent. */
  isAnybodyUp(): boolean;
}

export const NOT_WATCHED = -1;
/** A timer that is so late was not only waiting for its turn. */
const STANDSTILL_MS = 100;

export class SecondAttempts {
  /** Not a Set: its outgrown tables would keep calls that have ended, until the next full garbage collection. */
  private readonly underWay: WatchedCall[] = [];
  private places: Places | null = null;
  private armedForMs = Infinity;
  private cancelTimer: () => void = () => undefined;
  private reviewIsDue = false;

  constructor(
    private readonly clock: Clock,
    private readonly listener: StandstillListener,
  ) {}

  /** A call is under way, or has a further attempt. */
  watch(call: WatchedCall): void {
    if (call.place === NOT_WATCHED) call.place = this.underWay.push(call) - 1;
    this.arm(call.dueMs);
  }

  forget(call: WatchedCall): void {
    const { place } = call;
    if (place === NOT_WATCHED) return;
    call.place = NOT_WATCHED;
    const last = this.underWay.pop();
    if (last === undefined || last === call) return;
    this.underWay[place] = last;
    last.place = place;
  }

  /** Another endpoint for this call; null: there is none now, or it may not have one. */
  place(trace: CallTrace): Attempt | null {
    return this.places?.pickElsewhere(trace) ?? null;
  }

  get isAnybodyUp(): boolean {
    return this.places?.isAnybodyUp() ?? false;
  }

  /** Other endpoints than before: who found no place may find one now, and who is stuck on a lost one leaves it. */
  offer(places: Places | null): void {
    this.places = places;
    this.reviewSoon();
  }

  stop(): void {
    this.places = null;
    this.disarm();
  }

  private disarm(): void {
    this.cancelTimer();
    this.armedForMs = Infinity;
  }

  private arm(atMs: number): void {
    if (this.armedForMs <= atMs) return;
    this.cancelTimer();
    this.armedForMs = atMs;
    this.cancelTimer = this.clock.after(Math.max(0, atMs - this.clock.nowMs()), () => this.look());
  }

  /** Nearly always all that were due have been answered. */
  private look(): void {
    this.noticeStandstill();
    const nowMs = this.clock.nowMs();
    if (this.underWay.some((call) => call.isStuckAt(nowMs))) this.reviewSoon();
    else this.armForNext(nowMs);
  }

  private noticeStandstill(): void {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.armedForMs > STANDSTILL_MS) this.listener.stoodStill(nowMs);
  }

  /**
   * Timers go off before sockets are read: after a pause of our own all attempts look late, though their answers are here
   * already. So what has come is read first, and who becomes late only meanwhile is left for the next time.
   */
  private reviewSoon(): void {
    if (this.reviewIsDue) return;
    this.reviewIsDue = true;
    const nowMs = this.clock.nowMs();
    this.clock.after(0, () => {
      this.reviewIsDue = false;
      this.review(nowMs);
    });
  }

  private review(asOfMs: number): void {
    this.noticeStandstill();
    for (const call of [...this.underWay]) if (call.isStuckAt(asOfMs)) call.moveOn();
    this.armForNext(asOfMs);
  }

  /** Who is late already found no place, and waits for other places. */
  private armForNext(asOfMs: number): void {
    this.disarm();
    let nextMs = Infinity;
    for (const { dueMs } of this.underWay) if (dueMs > asOfMs) nextMs = Math.min(nextMs, dueMs);
    this.arm(nextMs);
  }
}
