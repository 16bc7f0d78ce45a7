/**
 * Gathers the signs of life and of illness of one endpoint, from its real calls and from heartbeats, and keeps the one
 * timer that they need. What they mean is decided in core/detect.
 */
import { status } from '@grpc/grpc-js';
import { accuse, type CrowdOptions, type CrowdVerdict, type Reprieve } from '../core/detect/crowd';
import {
  ejectionWakeMs,
  isUntroubled,
  NOT_EJECTED,
  observeCall,
  passTime,
  type CallEnd,
  type EjectionOptions,
  type EjectionState,
} from '../core/detect/ejection';
import { addSign, firstSignMs, type Signs } from '../core/detect/signs';
import {
  attemptEnded,
  attemptSent,
  considerSilence,
  heartbeatAnswered,
  heartbeatSent,
  quietLimitMs,
  startSilence,
  type SilenceOptions,
  type SilenceState,
} from '../core/detect/silence';
import { EwmaLatency } from '../core/pick/ewma-latency';
import type { Clock } from '../core/time/clock';
import { OwnAbsence } from './own-absence';
import { TrialTurn } from './trial-turn';

export interface VitalsOptions {
  readonly crowd: CrowdOptions;
  readonly silence: SilenceOptions;
  readonly ejection: EjectionOptions;
}

export interface VitalsPorts {
  readonly clock: Clock;
  readonly options: VitalsOptions;
  /** Sends a heartbeat, and calls back when anything at all was answered. */
  readonly sendHeartbeat: (answered: () => void) => void;
  /** Something was decided, or was proved wrong. */
  readonly onChange: () => void;
  /** A heartbeat was answered: a measure for others that are silent, and no news otherwise. */
  readonly onLife: () => void;
  /** It keeps calls waiting, or fell silent: others may be asked for a sign of life, to compare. */
  readonly onDoubt: () => void;
}

/** Ended by this side, so no word of the server. */
const UNANSWERED: ReadonlySet<status> = new Set([status.CANCELLED, status.DEADLINE_EXCEEDED]);
/** What an ill server, but not a busy one or a wrong request, brings about. */
const ILLNESS: ReadonlySet<status> = new Set([status.UNAVAILABLE, status.INTERNAL, status.UNKNOWN, status.DATA_LOSS]);

/** What an attempt took, by the measure of its method. */
export type Pace = 'prompt' | 'late' | 'unknown';

export class EndpointVitals {
  private silence: SilenceState | null = null;
  private silentReason: string | null = null;
  private signs: Signs | null = null;
  private ejection: EjectionState = NOT_EJECTED;
  private readonly trial = new TrialTurn();
  private underWay = 0;
  private connections = 0;
  private latency = new EwmaLatency();
  private reprieve: Reprieve = null;
  private silenceEndedMs = -Infinity;
  private armedForMs = Infinity;
  private disarm: () => void = () => undefined;

  private readonly absence: OwnAbsence;

  constructor(private readonly ports: VitalsPorts) {
    const { ownLatenessMs, maxTimeoutMs } = ports.options.silence;
    this.absence = new OwnAbsence(ports.clock, ownLatenessMs, maxTimeoutMs);
  }

  connected(): void {
    this.silence = startSilence(this.ports.clock.nowMs());
    this.connections += 1;
    this.latency = new EwmaLatency();
    // What failed was on another connection, perhaps of another process.
    this.ejection = NOT_EJECTED;
    this.silentReason = null;
    this.signs = null;
    // The first round trip is measured at once: without it nothing could be late.
    this.heartbeat();
  }

  disconnected(): void {
    // What is still under way on the connection that was given up may yet be answered.
    if (this.silentReason !== null) this.silenceEndedMs = this.ports.clock.nowMs();
    this.silence = null;
    this.silentReason = null;
    this.absence.stop();
    this.disarm();
    this.armedForMs = Infinity;
  }

  /** Why it counts as silent, or null. */
  get silentWhy(): string | null {
    return this.silentReason;
  }

  /** When the signs began that speak against it now: a failed, outrun or doubted attempt; null: there is none. */
  signAt(nowMs: number): number | null {
    return firstSignMs(this.signs, nowMs);
  }

  /** It keeps calls waiting longer than usual, and has not yet answered the heartbeat that was sent to make sure. */
  get doubtful(): boolean {
    return this.silence !== null && this.silence.heartbeat !== null && this.silence.waiting > 0;
  }

  /** Attempts of this channel that it has not ended yet. */
  get callsUnderWay(): number {
    return this.underWay;
  }

  /** Which of its connections is the latest: they are counted. */
  get connection(): number {
    return this.connections;
  }

  /** How long good attempts take lately, ms; null while nothing is known. */
  latencyAt(nowMs: number): number | null {
    return this.latency.valueAt(nowMs);
  }

  get standing(): EjectionState {
    return this.ejection;
  }

  /** Last sign of life, ms of the clock; null without a connection. */
  get lastLifeMs(): number | null {
    return this.silence?.lastLifeMs ?? null;
  }

  /** An attempt that began before then has measured how long it was away, and not how long calls take. */
  get lastSilenceEndedMs(): number {
    return this.silenceEndedMs;
  }

  /** Whether its silence sets it apart from the others; null when it is not silent. */
  compareWith(othersLifeMs: readonly number[], nowMs: number): CrowdVerdict | null {
    const askedMs = this.silence?.heartbeat?.sentMs;
    if (this.silentReason === null || askedMs === undefined) {
      this.reprieve = null;
      return null;
    }
    const verdict = accuse(this.reprieve, askedMs, othersLifeMs, nowMs, this.ports.options.crowd);
    this.reprieve = verdict.reprieve;
    return verdict;
  }

  /**
   * In probation one call at a time may try it; true when this one may.
   * @param measured it is known how long calls of its kind take: no other shows that one that was slow is so no more
   */
  takeTrial(measured: boolean): boolean {
    const { ejection } = this;
    if (ejection.phase !== 'probation' || (ejection.cause.slow && !measured)) return false;
    return this.trial.take(this.underWay, this.ports.clock.nowMs());
  }

  /** @returns which of its connections it is on */
  attemptStarted(nowMs: number): number {
    this.underWay += 1;
    if (this.silence !== null) {
      this.silence = attemptSent(this.silence, nowMs);
      this.arm(nowMs + quietLimitMs(this.silence, this.ports.options.silence));
    }
    return this.connections;
  }

  /** Its first message is here; what follows may take as long as it likes. */
  attemptAnswered(connection: number, nowMs: number): void {
    if (this.silence !== null && connection === this.connections)
      this.takeLife(attemptEnded(this.silence, true, nowMs));
  }

  /**
   * @param connection what attemptStarted returned
   * @param waited false when attemptAnswered was told before
   */
  attemptEnded(connection: number, code: status, waited: boolean, tookMs: number, pace: Pace, nowMs: number): void {
    this.underWay -= 1;
    this.trial.ended();
    // What ends on an earlier connection says nothing of this one.
    if (connection !== this.connections) return;
    const isGood = code === status.OK;
    if (isGood && waited) this.latency.add(tookMs, nowMs);
    const answered = isGood || !UNANSWERED.has(code);
    const { doubtful } = this;
    if (this.silence !== null && waited) this.takeLife(attemptEnded(this.silence, answered, nowMs));
    if (answered) this.observe(answerOf(code, pace), nowMs);
    else if (code === status.DEADLINE_EXCEEDED && pace === 'late') this.fellBehind('unanswered', doubtful, nowMs);
  }

  /** A call that it kept waiting was answered by another endpoint, which was asked later. */
  outrun(nowMs: number): void {
    this.fellBehind('outrun', this.doubtful, nowMs);
  }

  /** Asks for a sign of life now, unless one is awaited already. */
  heartbeat(): void {
    const nowMs = this.ports.clock.nowMs();
    if (this.silence?.heartbeat !== null) return;
    this.silence = heartbeatSent(this.silence, nowMs, this.ports.options.silence);
    this.send();
    this.arm(this.silence.heartbeat?.dueMs ?? nowMs);
  }

  private consider(): void {
    const nowMs = this.ports.clock.nowMs();
    this.armedForMs = Infinity;
    this.changeEjection(passTime(this.ejection, nowMs, this.ports.options.ejection));
    if (this.silence === null) return;
    const { state, sendHeartbeat, wakeAtMs, reason } = considerSilence(this.silence, nowMs, this.ports.options.silence);
    const fellSilent = state.silent && !this.silence.silent;
    this.silence = state;
    if (sendHeartbeat) {
      this.send();
      if (state.waiting > 0) this.ports.onDoubt();
    }
    this.arm(wakeAtMs);
    if (!fellSilent) return;
    this.signs = addSign(this.signs, state.heartbeat?.sentMs ?? nowMs);
    this.silentReason = reason;
    this.ports.onDoubt();
    this.ports.onChange();
  }

  private send(): void {
    const sentMs = this.silence?.heartbeat?.sentMs;
    const { connections } = this;
    if (sentMs === undefined) return;
    const absentMs = this.absence.attend();
    this.ports.sendHeartbeat(() => {
      // An answer on an earlier connection says nothing of this one.
      if (this.silence === null || connections !== this.connections) return;
      this.absence.stop();
      const { clock, options } = this.ports;
      this.takeLife(heartbeatAnswered(this.silence, sentMs + absentMs(), clock.nowMs(), options.silence));
      this.consider();
      this.ports.onLife();
    });
  }

  private takeLife(next: SilenceState): void {
    const spoke = this.silence?.silent === true && !next.silent;
    this.silence = next;
    if (!spoke) return;
    this.silentReason = null;
    this.silenceEndedMs = next.lastLifeMs;
    if (isUntroubled(this.ejection)) this.signs = null;
    this.ports.onChange();
  }

  /** Silence is told by other signs, and is over at once when it ends. */
  private fellBehind(how: 'outrun' | 'unanswered', doubtful: boolean, nowMs: number): void {
    if (this.silentReason === null && !doubtful) this.observe(how, nowMs);
  }

  private observe(end: CallEnd, nowMs: number): void {
    if (end !== 'prompt' && end !== 'good') this.signs = addSign(this.signs, nowMs);
    const next = observeCall(this.ejection, end, nowMs, this.ports.options.ejection);
    // Nearly every call changes nothing.
    if (next !== this.ejection || this.signs !== null) this.changeEjection(next);
  }

  private changeEjection(next: EjectionState): void {
    const changed = next.phase !== this.ejection.phase;
    if (isUntroubled(next) && this.silentReason === null) this.signs = null;
    this.ejection = next;
    const wakeMs = ejectionWakeMs(next, this.ports.options.ejection);
    if (wakeMs !== null) this.arm(wakeMs);
    if (changed) this.ports.onChange();
  }

  /** One timer for all: an earlier one stays, since it looks at everything anyway. */
  private arm(atMs: number): void {
    if (this.armedForMs <= atMs) return;
    this.disarm();
    this.armedForMs = atMs;
    this.disarm = this.ports.clock.after(Math.max(0, atMs - this.ports.clock.nowMs()), () => this.consider());
  }
}

function answerOf(code: status, pace: Pace): CallEnd {
  if (ILLNESS.has(code)) return 'failed';
  return pace === 'prompt' ? 'prompt' : 'good';
}
