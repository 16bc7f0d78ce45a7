/**
 * Decides whether an endpoint has fallen silent: calls wait longer than usual, nothing comes, and a heartbeat that was
 * sent to make sure is late by the endpoint's own standards. One sign of life clears it. It never looks at what the
 * answers say.
 *
 * Two standards, both learnt, so that it fits loopback, LAN, WAN and crowded machines by itself. How long calls usually
 * wait for the next answer says when to ask; the answers of heartbeats say how long to wait for one: twice the slowest of
 * the last 10 to 20 s, and never less than the retransmission timer of TCP (RFC 6298: smoothed mean plus four
 * deviations). A judge who was late himself gives it once more, or where that is long, little more than he was late.
 */
import { frugalQuantile } from '../measure/frugal-quantile';

export interface SilenceOptions {
  /** Quiet time, while calls wait, before a heartbeat is sent; longer where calls usually wait for longer. */
  readonly quietMs: number;
  /** Quiet time without any waiting call before a heartbeat is sent. */
  readonly idleMs: number;
  /** Bounds of the time allowed to a heartbeat. */
  readonly minTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** A timer that fires this late says more about the judge than about the judged. */
  readonly ownLatenessMs: number;
}

export interface SilenceState {
  readonly lastLifeMs: number;
  /** Since when calls have waited without any of them being answered; null when none waits. */
  readonly waitingSinceMs: number | null;
  readonly waiting: number;
  readonly heartbeat: { readonly sentMs: number; readonly dueMs: number; readonly doubts: number } | null;
  /** The first heartbeat of a connection has been answered; it warmed both ends up, and is no measure. */
  readonly warm: boolean;
  readonly roundTrip: RoundTrip | null;
  /** All but a few calls in a hundred wait less than this for the next answer; null before the first. */
  readonly usualWaitMs: number | null;
  readonly silent: boolean;
}

/** What heartbeats took. */
interface RoundTrip {
  readonly meanMs: number;
  readonly deviationMs: number;
  /** The slowest of this slice of time and of the one before it. */
  readonly slice: number;
  readonly slowestMs: number;
  readonly slowestBeforeMs: number;
}

export interface SilenceStep {
  readonly state: SilenceState;
  readonly sendHeartbeat: boolean;
  /** Look again then. */
  readonly wakeAtMs: number;
  /** Why it counts as silent; null when it does not. */
  readonly reason: string | null;
}

/** On a machine that is always late, doubt must end. */
const MAX_DOUBTS = 2;
/** Slow heartbeats are remembered for one to two of these. */
const SLICE_MS = 10_000;
/** Only the slowest few calls are worth a heartbeat, so heartbeats add at most as many calls. */
const USUAL_SHARE = 0.98;
const FIRST_WAIT_MS = 10;

/** A fresh connection has just given a sign of life. */
export function startSilence(nowMs: number): SilenceState {
  return {
    lastLifeMs: nowMs,
    waitingSinceMs: null,
    waiting: 0,
    heartbeat: null,
    warm: false,
    roundTrip: null,
    usualWaitMs: null,
    silent: false,
  };
}

export function attemptSent(state: SilenceState, nowMs: number): SilenceState {
  return {
    // Spelt out, for each call pays for it: a spread costs ten times as much.
    lastLifeMs: state.lastLifeMs,
    waitingSinceMs: state.waitingSinceMs ?? nowMs,
    waiting: state.waiting + 1,
    heartbeat: state.heartbeat,
    warm: state.warm,
    roundTrip: state.roundTrip,
    usualWaitMs: state.usualWaitMs,
    silent: state.silent,
  };
}

/**
 * An attempt needs no answer any more. `answered`: the server gave one, whatever it said; otherwise its caller took it
 * back, or a deadline ended it.
 */
export function attemptEnded(state: SilenceState, answered: boolean, nowMs: number): SilenceState {
  const waiting = Math.max(0, state.waiting - 1);
  if (!answered) return { ...state, waiting, waitingSinceMs: waiting === 0 ? null : state.waitingSinceMs };
  const waitedMs = state.waitingSinceMs === null ? null : nowMs - state.waitingSinceMs;
  const usualWaitMs = waitedMs === null ? state.usualWaitMs : usual(state.usualWaitMs, waitedMs);
  return {
    lastLifeMs: nowMs,
    waitingSinceMs: waiting === 0 ? null : nowMs,
    waiting,
    heartbeat: null,
    warm: state.warm,
    roundTrip: state.roundTrip,
    usualWaitMs,
    silent: false,
  };
}

/** A heartbeat is on its way, and has its time to be answered. */
export function heartbeatSent(state: SilenceState, nowMs: number, options: SilenceOptions): SilenceState {
  return { ...state, heartbeat: { sentMs: nowMs, dueMs: nowMs + heartbeatTimeoutMs(state, options), doubts: 0 } };
}

/**
 * A heartbeat of this connection was answered: a sign of life, and a measurement, unless it took so long that it measures
 * an outage: that would make us slow to notice the next one.
 */
export function heartbeatAnswered(
  state: SilenceState,
  sentMs: number,
  nowMs: number,
  { maxTimeoutMs }: SilenceOptions,
): SilenceState {
  if (!state.warm) return { ...alive(state, nowMs), warm: true };
  const tookMs = nowMs - sentMs;
  if (tookMs > maxTimeoutMs && state.roundTrip !== null) return alive(state, nowMs);
  return { ...alive(state, nowMs), roundTrip: measured(state.roundTrip, tookMs, nowMs) };
}

/** How long calls may wait quietly before a heartbeat is sent; after one that was answered, as long again. */
export function quietLimitMs(state: SilenceState, options: SilenceOptions): number {
  const provenMs = state.waitingSinceMs === null ? 0 : state.lastLifeMs - state.waitingSinceMs;
  return Math.max(options.quietMs, Math.min(options.maxTimeoutMs, Math.max(state.usualWaitMs ?? 0, provenMs)));
}

/** How long a heartbeat may take before the endpoint counts as silent. */
export function heartbeatTimeoutMs({ roundTrip }: SilenceState, options: SilenceOptions): number {
  if (roundTrip === null) return options.maxTimeoutMs;
  const { meanMs, deviationMs, slowestMs, slowestBeforeMs } = roundTrip;
  const expectedMs = Math.max(meanMs + 4 * deviationMs, 2 * Math.max(slowestMs, slowestBeforeMs));
  return Math.min(options.maxTimeoutMs, Math.max(options.minTimeoutMs, expectedMs));
}

/** To be asked when the time of the last step has come; asking early or late does no harm. */
export function considerSilence(state: SilenceState, nowMs: number, options: SilenceOptions): SilenceStep {
  const { heartbeat } = state;
  if (heartbeat === null) return considerHeartbeat(state, nowMs, options);
  if (state.silent) return step(state, nowMs + options.idleMs / 4);
  if (nowMs < heartbeat.dueMs) return step(state, heartbeat.dueMs);
  const lateMs = nowMs - heartbeat.dueMs;
  if (lateMs > options.ownLatenessMs && heartbeat.doubts < MAX_DOUBTS) {
    // Whoever shares a machine with the judge may have been away as long as he was.
    const dueMs = nowMs + Math.min(heartbeatTimeoutMs(state, options), 2 * options.minTimeoutMs + lateMs);
    return step({ ...state, heartbeat: { ...heartbeat, dueMs, doubts: heartbeat.doubts + 1 } }, dueMs);
  }
  const reason =
    `silent for ${Math.round(nowMs - state.lastLifeMs)} ms with ${state.waiting} calls waiting; ` +
    `a heartbeat has been unanswered for ${Math.round(nowMs - heartbeat.sentMs)} ms`;
  return { ...step({ ...state, silent: true }, nowMs + options.idleMs / 4), reason };
}

function considerHeartbeat(state: SilenceState, nowMs: number, options: SilenceOptions): SilenceStep {
  const unmeasured = state.warm && state.roundTrip === null;
  const idleAtMs = unmeasured ? nowMs : state.lastLifeMs + options.idleMs;
  const quietAtMs = state.waitingSinceMs === null ? Infinity : quietSinceMs(state) + quietLimitMs(state, options);
  const sendAtMs = Math.min(idleAtMs, quietAtMs);
  if (nowMs < sendAtMs) return step(state, sendAtMs);
  const sent = heartbeatSent(state, nowMs, options);
  return { ...step(sent, sent.heartbeat?.dueMs ?? nowMs), sendHeartbeat: true };
}

function step(state: SilenceState, wakeAtMs: number): SilenceStep {
  return { state, sendHeartbeat: false, wakeAtMs, reason: null };
}

function quietSinceMs({ lastLifeMs, waitingSinceMs }: SilenceState): number {
  return Math.max(lastLifeMs, waitingSinceMs ?? lastLifeMs);
}

function alive(state: SilenceState, nowMs: number): SilenceState {
  return { ...state, lastLifeMs: nowMs, heartbeat: null, silent: false };
}

function usual(beforeMs: number | null, waitedMs: number): number {
  // The first calls of a connection are slow ones, and would be the standard for long.
  return frugalQuantile(beforeMs ?? Math.min(waitedMs, FIRST_WAIT_MS), waitedMs, USUAL_SHARE);
}

function measured(before: RoundTrip | null, tookMs: number, nowMs: number): RoundTrip {
  const slice = Math.floor(nowMs / SLICE_MS);
  if (before === null) return { meanMs: tookMs, deviationMs: tookMs / 2, slice, slowestMs: tookMs, slowestBeforeMs: 0 };
  const sameSlice = before.slice === slice;
  return {
    // RFC 6298, section 2.
    deviationMs: 0.75 * before.deviationMs + 0.25 * Math.abs(before.meanMs - tookMs),
    meanMs: 0.875 * before.meanMs + 0.125 * tookMs,
    slice,
    slowestMs: sameSlice ? Math.max(before.slowestMs, tookMs) : tookMs,
    slowestBeforeMs: sameSlice ? before.slowestBeforeMs : before.slice === slice - 1 ? before.slowestMs : 0,
  };
}
