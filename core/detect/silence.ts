/**
 * Decides whether an endpoint has fallen silent: calls wait, nothing comes, and a heartbeat that was sent to make sure
 * is late by the endpoint's own standards. One sign of life clears it. It never looks at what the answers say.
 *
 * The standard is the longest quiet time, with calls waiting, from which the endpoint came back lately; where no calls are
 * made it follows the retransmission timer of TCP (RFC 6298: smoothed mean plus four deviations). So it fits loopback,
 * LAN, WAN and crowded machines by itself. A judge who was late himself gives the time once more.
 */

export interface SilenceOptions {
  /** Quiet time, while calls wait, before a heartbeat is sent; longer where the endpoint has been quiet for longer. */
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
  /** Since when the oldest unanswered thing waits; null when nothing does. */
  readonly waitingSinceMs: number | null;
  readonly waiting: number;
  readonly heartbeat: { readonly sentMs: number; readonly dueMs: number; readonly doubts: number } | null;
  readonly roundTrip: { readonly meanMs: number; readonly deviationMs: number } | null;
  readonly quiet: LongestQuiet | null;
  readonly silent: boolean;
}

/** The longest quiet times of this slice of time and of the one before it. */
interface LongestQuiet {
  readonly slice: number;
  readonly nowMs: number;
  readonly beforeMs: number;
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
/** Quiet times are remembered for one to two of these. */
const SLICE_MS = 10_000;

/** A fresh connection has just given a sign of life. */
export function startSilence(nowMs: number): SilenceState {
  return {
    lastLifeMs: nowMs,
    waitingSinceMs: null,
    waiting: 0,
    heartbeat: null,
    roundTrip: null,
    quiet: null,
    silent: false,
  };
}

export function attemptSent(state: SilenceState, nowMs: number): SilenceState {
  return { ...state, waiting: state.waiting + 1, waitingSinceMs: state.waitingSinceMs ?? nowMs };
}

/** An attempt ended. `answered`: by the server, whatever it said; otherwise by the caller or by a deadline. */
export function attemptEnded(state: SilenceState, answered: boolean, nowMs: number): SilenceState {
  const waiting = Math.max(0, state.waiting - 1);
  if (answered) return alive(state, waiting, nowMs);
  return { ...state, waiting, waitingSinceMs: waiting === 0 ? null : state.waitingSinceMs };
}

/** A heartbeat is on its way, and has its time to be answered. */
export function heartbeatSent(state: SilenceState, nowMs: number, options: SilenceOptions): SilenceState {
  return { ...state, heartbeat: { sentMs: nowMs, dueMs: nowMs + heartbeatTimeoutMs(state, options), doubts: 0 } };
}

/** The heartbeat was answered: a sign of life, and a measurement. */
export function heartbeatAnswered(state: SilenceState, nowMs: number): SilenceState {
  const { heartbeat } = state;
  const roundTrip = heartbeat === null ? state.roundTrip : smoothed(state.roundTrip, nowMs - heartbeat.sentMs);
  return alive({ ...state, roundTrip }, state.waiting, nowMs);
}

/** How long calls may wait quietly before a heartbeat is sent. */
export function quietLimitMs(state: SilenceState, options: SilenceOptions): number {
  return Math.max(options.quietMs, Math.min(options.maxTimeoutMs, longestQuietMs(state)));
}

/** How long a heartbeat may take before the endpoint counts as silent. */
export function heartbeatTimeoutMs(state: SilenceState, options: SilenceOptions): number {
  const { roundTrip } = state;
  const measured = roundTrip === null ? options.maxTimeoutMs : roundTrip.meanMs + 4 * roundTrip.deviationMs;
  const expected = state.quiet === null ? measured : longestQuietMs(state);
  return Math.min(options.maxTimeoutMs, Math.max(options.minTimeoutMs, expected));
}

/** To be asked when the time of the last step has come; asking early or late does no harm. */
export function considerSilence(state: SilenceState, nowMs: number, options: SilenceOptions): SilenceStep {
  const { heartbeat } = state;
  if (heartbeat === null) return considerHeartbeat(state, nowMs, options);
  if (nowMs < heartbeat.dueMs || state.silent)
    return step(state, Math.max(heartbeat.dueMs, nowMs + options.idleMs / 4));
  if (nowMs - heartbeat.dueMs > options.ownLatenessMs && heartbeat.doubts < MAX_DOUBTS) {
    const dueMs = nowMs + heartbeatTimeoutMs(state, options);
    return step({ ...state, heartbeat: { ...heartbeat, dueMs, doubts: heartbeat.doubts + 1 } }, dueMs);
  }
  const reason =
    `silent for ${Math.round(nowMs - state.lastLifeMs)} ms with ${state.waiting} calls waiting; ` +
    `a heartbeat has been unanswered for ${Math.round(nowMs - heartbeat.sentMs)} ms`;
  return { ...step({ ...state, silent: true }, nowMs + options.idleMs / 4), reason };
}

function considerHeartbeat(state: SilenceState, nowMs: number, options: SilenceOptions): SilenceStep {
  const idleAtMs = state.lastLifeMs + options.idleMs;
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

function longestQuietMs({ quiet }: SilenceState): number {
  return quiet === null ? 0 : Math.max(quiet.nowMs, quiet.beforeMs);
}

function alive(state: SilenceState, waiting: number, nowMs: number): SilenceState {
  const quiet = state.waitingSinceMs === null ? state.quiet : remember(state.quiet, nowMs - quietSinceMs(state), nowMs);
  const waitingSinceMs = waiting === 0 ? null : nowMs;
  return { ...state, waiting, quiet, lastLifeMs: nowMs, waitingSinceMs, heartbeat: null, silent: false };
}

function remember(quiet: LongestQuiet | null, quietMs: number, atMs: number): LongestQuiet {
  const slice = Math.floor(atMs / SLICE_MS);
  if (quiet?.slice === slice) return quietMs <= quiet.nowMs ? quiet : { ...quiet, nowMs: quietMs };
  return { slice, nowMs: quietMs, beforeMs: quiet?.slice === slice - 1 ? quiet.nowMs : 0 };
}

/** RFC 6298, section 2. */
function smoothed(before: SilenceState['roundTrip'], sampleMs: number): NonNullable<SilenceState['roundTrip']> {
  if (before === null) return { meanMs: sampleMs, deviationMs: sampleMs / 2 };
  const deviationMs = 0.75 * before.deviationMs + 0.25 * Math.abs(before.meanMs - sampleMs);
  return { meanMs: 0.875 * before.meanMs + 0.125 * sampleMs, deviationMs };
}
