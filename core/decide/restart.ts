/**
 * Decides when a supervised server is started, stopped, killed and given up. Restarts are bounded: a growing, jittered
 * delay, and a number of attempts in a sliding window. It asks for a new process only when the old one is known to be
 * gone, so there are never two of them.
 */
import type { Rng } from '../time/clock';
import { attemptDelayMs, judgeAttempts, seconds, type AttemptPolicy } from './attempts';

/** Attempts are restarts: one too many in the window is refused, and the server is given up. */
export interface RestartPolicy extends AttemptPolicy {
  /** A server that passed a probe and ran this long is stable: its next end starts with a clean sheet, and at once. */
  readonly stableAfterMs: number;
  /** A server whose probes say critical is stopped and started again. */
  readonly onUnhealthy: boolean;
  /** From SIGTERM to SIGKILL. */
  readonly killAfterMs: number;
  /** A started server that has passed no probe after this long counts as unhealthy. */
  readonly startTimeoutMs: number;
}

export type RestartPhase =
  /** There is no process and none is wanted: before the start, or while a server that we did not start answers. */
  | { readonly name: 'idle' }
  /** `excusedMs`: when it last could not come up for no fault of its own. */
  | { readonly name: 'running'; readonly sinceMs: number; readonly proven: boolean; readonly excusedMs?: number }
  /** SIGTERM was sent; `killAtMs` is undefined once SIGKILL was sent too. `final`: nothing is started afterwards. */
  | {
      readonly name: 'stopping';
      readonly killAtMs: number | undefined;
      readonly stable: boolean;
      readonly why: string;
      readonly final: boolean;
    }
  | { readonly name: 'waiting'; readonly untilMs: number; readonly why: string }
  | { readonly name: 'given-up' }
  | { readonly name: 'ended' };

export interface RestartState {
  readonly phase: RestartPhase;
  /** When restarts were made, within the window; oldest first. */
  readonly restartsAtMs: readonly number[];
  /** Ends in a row without a stable run between them: the exponent of the delay. */
  readonly unstableEnds: number;
}

export type RestartEvent =
  | { readonly type: 'start' }
  /** The process of an earlier run is still there, and is ours again. */
  | { readonly type: 'taken-up' }
  /** The process is gone, or could not be started. `how`: `exit code 1`, `signal SIGKILL`, `cannot start: …`. */
  | { readonly type: 'exited'; readonly how: string }
  | { readonly type: 'healthy' }
  | { readonly type: 'unhealthy'; readonly reason: string }
  /** A probe failed, but for what all servers share: a server that is coming up gets its time anew. */
  | { readonly type: 'excused' }
  /** An operator says: forget the past. */
  | { readonly type: 'reset' }
  /** An operator wants a new process, whatever the probes say. */
  | { readonly type: 'restart'; readonly reason: string }
  /** The wake-up that was asked for is due; a spurious one does no harm. */
  | { readonly type: 'wake' }
  | { readonly type: 'drain'; readonly timeoutMs: number };

export type RestartEffect =
  | { readonly type: 'spawn' }
  | { readonly type: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  /** Send `wake` at this time; replaces an earlier one. */
  | { readonly type: 'wake-at'; readonly atMs: number };

export interface RestartStep {
  readonly state: RestartState;
  readonly effects: readonly RestartEffect[];
  /** Empty when the event changed nothing. */
  readonly reason: string;
}

export const RESTART_INITIAL: RestartState = { phase: { name: 'idle' }, restartsAtMs: [], unstableEnds: 0 };

// Half of the delay is random: enough to part servers that fell together, and a delay never shrinks to nothing.
const JITTER = 0.5;

/** One step of the machine. */
export function nextRestart(
  state: RestartState,
  event: RestartEvent,
  policy: RestartPolicy,
  nowMs: number,
  rng: Rng,
): RestartStep {
  switch (event.type) {
    case 'start':
      return state.phase.name === 'idle' ? spawn(state, policy, nowMs, 'starting the server') : same(state);
    case 'taken-up':
      return onTakenUp(state, policy, nowMs);
    case 'exited':
      return onExit(state, event.how, policy, nowMs, rng);
    case 'healthy':
      return onHealthy(state, policy, nowMs);
    case 'unhealthy':
      return onUnhealthy(state, event.reason, policy, nowMs);
    case 'excused':
      return onExcused(state, policy, nowMs);
    case 'reset':
      return onReset(state, policy, nowMs);
    case 'restart':
      return onRestart(state, event.reason, policy, nowMs);
    case 'wake':
      return onWake(state, policy, nowMs);
    case 'drain':
      return onDrain(state, event.timeoutMs, nowMs);
  }
}

function same(state: RestartState): RestartStep {
  return { state, effects: [], reason: '' };
}

function spawn(state: RestartState, policy: RestartPolicy, nowMs: number, reason: string): RestartStep {
  return {
    state: { ...state, phase: { name: 'running', sinceMs: nowMs, proven: false } },
    effects: [{ type: 'spawn' }, { type: 'wake-at', atMs: nowMs + policy.startTimeoutMs }],
    reason,
  };
}

/** It gets the time of a new one to pass a probe: nobody knows what it has been through. */
function onTakenUp(state: RestartState, policy: RestartPolicy, nowMs: number): RestartStep {
  if (state.phase.name !== 'idle') return same(state);
  const { effects, ...step } = spawn(
    state,
    policy,
    nowMs,
    'an earlier run of this agent started the server; taking it up',
  );
  return { ...step, effects: effects.filter(({ type }) => type !== 'spawn') };
}

function respawn(state: RestartState, policy: RestartPolicy, nowMs: number, reason: string): RestartStep {
  return spawn({ ...state, restartsAtMs: [...state.restartsAtMs, nowMs] }, policy, nowMs, reason);
}

function onExit(state: RestartState, how: string, policy: RestartPolicy, nowMs: number, rng: Rng): RestartStep {
  const { phase } = state;
  if (phase.name !== 'running' && phase.name !== 'stopping') return same(state);
  if (phase.name === 'stopping' && phase.final) {
    return { state: { ...state, phase: { name: 'ended' } }, effects: [], reason: `server ended: ${how}` };
  }
  const stable = phase.name === 'running' ? isStable(phase, policy, nowMs) : phase.stable;
  const cause =
    phase.name === 'stopping' ? `server was stopped (${phase.why}) and ended: ${how}` : `server ended: ${how}`;
  const { recentMs: restartsAtMs, exhausted } = judgeAttempts(state.restartsAtMs, policy, nowMs);
  if (exhausted) {
    return {
      state: { ...state, restartsAtMs, phase: { name: 'given-up' } },
      effects: [],
      reason: `given up after ${restartsAtMs.length} restarts within ${seconds(policy.windowMs)}: ${cause}; SIGHUP to the agent starts it again`,
    };
  }
  if (stable)
    return respawn({ ...state, restartsAtMs, unstableEnds: 0 }, policy, nowMs, `${cause}; starting it again at once`);
  const delay = attemptDelayMs(state.unstableEnds, policy, JITTER, rng);
  const untilMs = nowMs + delay;
  return {
    state: { restartsAtMs, unstableEnds: state.unstableEnds + 1, phase: { name: 'waiting', untilMs, why: cause } },
    effects: [{ type: 'wake-at', atMs: untilMs }],
    reason: `${cause}; restart ${restartsAtMs.length + 1} of at most ${policy.maxAttempts} in ${Math.round(delay)} ms`,
  };
}

function isStable(
  phase: { readonly sinceMs: number; readonly proven: boolean },
  policy: RestartPolicy,
  nowMs: number,
): boolean {
  return phase.proven && nowMs - phase.sinceMs >= policy.stableAfterMs;
}

function onHealthy(state: RestartState, policy: RestartPolicy, nowMs: number): RestartStep {
  const { phase } = state;
  if (phase.name === 'running' && !phase.proven) {
    const tookMs = Math.round(nowMs - phase.sinceMs);
    return {
      state: { ...state, phase: { ...phase, proven: true } },
      effects: [],
      reason: `server passed its first probe ${tookMs} ms after its start; stable after ${seconds(policy.stableAfterMs)}`,
    };
  }
  if (phase.name !== 'given-up') return same(state);
  return {
    state: RESTART_INITIAL,
    effects: [],
    reason: 'a server that this agent did not start answers; it is started here again only when that one fails',
  };
}

function onUnhealthy(state: RestartState, why: string, policy: RestartPolicy, nowMs: number): RestartStep {
  const { phase } = state;
  if (phase.name === 'idle')
    return spawn(state, policy, nowMs, `the server that this agent did not start fails (${why}); starting one`);
  if (phase.name !== 'running' || !policy.onUnhealthy) return same(state);
  return stop(state, why, isStable(phase, policy, nowMs), policy, nowMs);
}

function onExcused(state: RestartState, policy: RestartPolicy, nowMs: number): RestartStep {
  const { phase } = state;
  if (phase.name !== 'running' || phase.proven) return same(state);
  return {
    state: { ...state, phase: { ...phase, excusedMs: nowMs } },
    effects: [{ type: 'wake-at', atMs: nowMs + policy.startTimeoutMs }],
    reason: '',
  };
}

function stop(state: RestartState, why: string, stable: boolean, policy: RestartPolicy, nowMs: number): RestartStep {
  const killAtMs = nowMs + policy.killAfterMs;
  return {
    state: { ...state, phase: { name: 'stopping', killAtMs, stable, why, final: false } },
    effects: [
      { type: 'signal', signal: 'SIGTERM' },
      { type: 'wake-at', atMs: killAtMs },
    ],
    reason: `stopping the server: ${why}; SIGKILL follows after ${seconds(policy.killAfterMs)}`,
  };
}

function onReset(state: RestartState, policy: RestartPolicy, nowMs: number): RestartStep {
  const clean: RestartState = { phase: state.phase, restartsAtMs: [], unstableEnds: 0 };
  if (state.phase.name === 'given-up' || state.phase.name === 'waiting') {
    return spawn(clean, policy, nowMs, 'an operator asked for a new start; earlier failures are forgotten');
  }
  return { state: clean, effects: [], reason: '' };
}

/** One that was asked for starts again at once, and counts towards no bound. */
function onRestart(state: RestartState, why: string, policy: RestartPolicy, nowMs: number): RestartStep {
  const clean = { ...state, restartsAtMs: [], unstableEnds: 0 };
  if (state.phase.name === 'running') return stop(clean, why, true, policy, nowMs);
  return onReset(state, policy, nowMs);
}

function onWake(state: RestartState, policy: RestartPolicy, nowMs: number): RestartStep {
  const { phase } = state;
  if (phase.name === 'waiting' && nowMs >= phase.untilMs)
    return respawn(state, policy, nowMs, `starting the server again (${phase.why})`);
  if (
    phase.name === 'running' &&
    !phase.proven &&
    nowMs - (phase.excusedMs ?? phase.sinceMs) >= policy.startTimeoutMs
  ) {
    return onUnhealthy(state, `no probe passed within ${seconds(policy.startTimeoutMs)} of its start`, policy, nowMs);
  }
  if (phase.name === 'stopping' && phase.killAtMs !== undefined && nowMs >= phase.killAtMs) {
    return {
      state: { ...state, phase: { ...phase, killAtMs: undefined } },
      effects: [{ type: 'signal', signal: 'SIGKILL' }],
      reason: 'the server did not end on SIGTERM in time; killing it',
    };
  }
  return same(state);
}

function onDrain(state: RestartState, timeoutMs: number, nowMs: number): RestartStep {
  const { phase } = state;
  if (phase.name === 'ended' || (phase.name === 'stopping' && phase.final)) return same(state);
  if (phase.name !== 'running' && phase.name !== 'stopping') {
    return { state: { ...state, phase: { name: 'ended' } }, effects: [], reason: 'there is no server to stop' };
  }
  const killAtMs = nowMs + timeoutMs;
  return {
    state: { ...state, phase: { name: 'stopping', killAtMs, stable: false, why: 'draining', final: true } },
    effects: [
      { type: 'signal', signal: 'SIGTERM' },
      { type: 'wake-at', atMs: killAtMs },
    ],
    reason: `SIGTERM sent to the server; SIGKILL follows after ${seconds(timeoutMs)}`,
  };
}
