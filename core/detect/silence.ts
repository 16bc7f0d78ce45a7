/**
 * Decides whether an endpoint has fallen silent: calls wait, nothing comes, and a heartbeat that was sent to make sure
 * is late by the endpoint's own standards. One sign of life clears it. It never looks at what the answers say.
 *
 * The time allowed to a heartbeat is what 99 % of the endpoint's calls take; without calls it follows the retransmission
 * timer of TCP (RFC 6298: smoothed mean plus four deviations). So it fits loopback, LAN and WAN by itself. A judge who was late himself gives the time once more.
 */

export interface SilenceOptions {
  /** Quiet time, while calls wait, before a heartbeat is sent; longer where the endpoint's calls usually take longer. */
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
  readonly silent: boolean;
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

/** A fresh connection has just given a sign of life. */
export function startSilence(nowMs: number): SilenceState {
  return { lastLifeMs: nowMs, waitingSinceMs: null, waiting: 0, heartbeat: null, roundTrip: null, silent: false };
}

export function attemptSent(state: SilenceState, nowMs: number): SilenceState {
  return { ...state, waiting: state.waiting + 1, waitingSinceMs: state.waitingSinceMs ?? nowMs };
}

/** An attempt ended. `answered`: by the server, whatever it said; otherwise by the caller or by a deadline. */
export function attemptEnded(state: SilenceState, answered: boolean, nowMs: number): SilenceState {
  const waiting = Math.max(0, state.waiting - 1);
  if (answered) return alive({ ...state, waiting }, nowMs);
  return { ...state, waiting, waitingSinceMs: waiting === 0 ? null : state.waitingSinceMs };
}

/** A heartbeat is on its way, and has its time to be answered. */
export function heartbeatSent(
  state: SilenceState,
  usualCallMs: number,
  nowMs: number,
  options: SilenceOptions,
): SilenceState {
  return {
    ...state,
    heartbeat: { sentMs: nowMs, dueMs: nowMs + heartbeatTimeoutMs(state, usualCallMs, options), doubts: 0 },
  };
}

/** The heartbeat was answered: a sign of life, and a measurement. */
export function heartbeatAnswered(state: SilenceState, nowMs: number): SilenceState {
  const { heartbeat } = state;
  const measured = heartbeat === null ? state.roundTrip : smoothed(state.roundTrip, nowMs - heartbeat.sentMs);
  return alive({ ...state, roundTrip: measured }, nowMs);
}

/** To be asked when the time of the last step has come; asking early or late does no harm. */
export function considerSilence(
  state: SilenceState,
  usualCallMs: number,
  nowMs: number,
  options: SilenceOptions,
): SilenceStep {
  const { heartbeat } = state;
  if (heartbeat === null) return considerHeartbeat(state, usualCallMs, nowMs, options);
  if (nowMs < heartbeat.dueMs || state.silent)
    return step(state, Math.max(heartbeat.dueMs, nowMs + options.idleMs / 4));
  if (nowMs - heartbeat.dueMs > options.ownLatenessMs && heartbeat.doubts < MAX_DOUBTS) {
    const dueMs = nowMs + heartbeatTimeoutMs(state, usualCallMs, options);
    return step({ ...state, heartbeat: { ...heartbeat, dueMs, doubts: heartbeat.doubts + 1 } }, dueMs);
  }
  return step({ ...state, silent: true }, nowMs + options.idleMs / 4, nowMs);
}

/**
 * How long a heartbeat may take before the endpoint counts as silent. Where calls are made they tell more than the rare
 * heartbeats do: a server that stands still now and then holds them up just as long.
 */
export function heartbeatTimeoutMs({ roundTrip }: SilenceState, usualCallMs: number, options: SilenceOptions): number {
  const measured = roundTrip === null ? options.maxTimeoutMs : roundTrip.meanMs + 4 * roundTrip.deviationMs;
  const expected = usualCallMs > 0 ? usualCallMs : measured;
  return Math.min(options.maxTimeoutMs, Math.max(options.minTimeoutMs, expected));
}

function considerHeartbeat(
  state: SilenceState,
  usualCallMs: number,
  nowMs: number,
  options: SilenceOptions,
): SilenceStep {
  const idleAtMs = state.lastLifeMs + options.idleMs;
  const quietMs = Math.max(options.quietMs, usualCallMs);
  const quietAtMs =
    state.waitingSinceMs === null ? Infinity : Math.max(state.lastLifeMs, state.waitingSinceMs) + quietMs;
  const sendAtMs = Math.min(idleAtMs, quietAtMs);
  if (nowMs < sendAtMs) return step(state, sendAtMs);
  const sent = heartbeatSent(state, usualCallMs, nowMs, options);
  return { state: sent, sendHeartbeat: true, wakeAtMs: sent.heartbeat?.dueMs ?? nowMs, reason: null };
}

function step(state: SilenceState, wakeAtMs: number, nowMs?: number): SilenceStep {
  const { silent, heartbeat, lastLifeMs, waiting } = state;
  if (!silent || heartbeat === null || nowMs === undefined)
    return { state, sendHeartbeat: false, wakeAtMs, reason: null };
  const reason =
    `silent for ${Math.round(nowMs - lastLifeMs)} ms with ${waiting} calls waiting; ` +
    `a heartbeat has been unanswered for ${Math.round(nowMs - heartbeat.sentMs)} ms`;
  return { state, sendHeartbeat: false, wakeAtMs, reason };
}

function alive(state: SilenceState, nowMs: number): SilenceState {
  const waitingSinceMs = state.waiting === 0 ? null : nowMs;
  return { ...state, lastLifeMs: nowMs, waitingSinceMs, heartbeat: null, silent: false };
}

/** RFC 6298, section 2. */
function smoothed(before: SilenceState['roundTrip'], sampleMs: number): NonNullable<SilenceState['roundTrip']> {
  if (before === null) return { meanMs: sampleMs, deviationMs: sampleMs / 2 };
  const deviationMs = 0.75 * before.deviationMs + 0.25 * Math.abs(before.meanMs - sampleMs);
  return { meanMs: 0.875 * before.meanMs + 0.125 * sampleMs, deviationMs };
}
