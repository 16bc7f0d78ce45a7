/**
 * Decides when a server that this agent did not start is told to end: a neighbour, found among the processes that the
 * agent sees. It never starts one: that is the affair of whoever runs it, a container's restart policy or systemd. The
 * bounds are those of a restart: a growing delay, and a number of attempts in a sliding window.
 */
import { attemptDelayMs, judgeAttempts, seconds } from './attempts';
import type { RestartPolicy } from './restart';

export type NeighbourPhase =
  | { readonly name: 'watching' }
  /** SIGTERM was sent; `killAtMs` is undefined once SIGKILL was sent too. */
  | { readonly name: 'stopping'; readonly killAtMs: number | undefined; readonly why: string }
  | { readonly name: 'given-up' };

export interface NeighbourState {
  readonly phase: NeighbourPhase;
  /** When servers were told to end, within the window; oldest first. */
  readonly stopsAtMs: readonly number[];
  /** Nobody is told to end before this. */
  readonly restUntilMs: number;
}

/** What is to be seen of the server at this moment. */
export interface Sighting {
  /** Processes that fit; only a single one is ever signalled. */
  readonly count: number;
  /** A probe has passed while this very process ran. */
  readonly proven: boolean;
  /** How long this very process has been known, ms. */
  readonly knownForMs: number;
}

export type NeighbourEvent =
  | { readonly type: 'healthy' }
  | { readonly type: 'unhealthy'; readonly reason: string; readonly sighting: Sighting }
  /** The process that was told to end is gone. */
  | { readonly type: 'gone' }
  /** The signal could not be sent. */
  | { readonly type: 'refused'; readonly why: string }
  /** An operator says: forget the past. */
  | { readonly type: 'reset' }
  /** The wake-up that was asked for is due; a spurious one does no harm. */
  | { readonly type: 'wake' };

export type NeighbourEffect =
  | { readonly type: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  /** Send `wake` at this time; replaces an earlier one. */
  | { readonly type: 'wake-at'; readonly atMs: number };

export interface NeighbourStep {
  readonly state: NeighbourState;
  readonly effects: readonly NeighbourEffect[];
  /** Empty when there is nothing to say. */
  readonly reason: string;
}

export const NEIGHBOUR_INITIAL: NeighbourState = { phase: { name: 'watching' }, stopsAtMs: [], restUntilMs: 0 };

/** One step of the machine. */
export function nextNeighbour(
  state: NeighbourState,
  event: NeighbourEvent,
  policy: RestartPolicy,
  nowMs: number,
): NeighbourStep {
  switch (event.type) {
    case 'healthy':
      return onHealthy(state);
    case 'unhealthy':
      return onUnhealthy(state, event, policy, nowMs);
    case 'gone':
      return onAnswer(
        state,
        (why) => `the server was told to end (${why}) and is gone; whoever runs it starts it again`,
      );
    case 'refused':
      return onAnswer(state, () => `the server cannot be told to end: ${event.why}`);
    case 'reset':
      return onReset(state);
    case 'wake':
      return onWake(state, nowMs);
  }
}

function same(state: NeighbourState, reason = ''): NeighbourStep {
  return { state, effects: [], reason };
}

function onHealthy(state: NeighbourState): NeighbourStep {
  if (state.phase.name !== 'given-up') return same(state);
  return same(NEIGHBOUR_INITIAL, 'the server answers again; earlier failures are forgotten');
}

/** What became of the signal. */
function onAnswer(state: NeighbourState, say: (why: string) => string): NeighbourStep {
  const { phase } = state;
  if (phase.name !== 'stopping') return same(state);
  return same({ ...state, phase: { name: 'watching' } }, say(phase.why));
}

function onReset({ phase }: NeighbourState): NeighbourStep {
  return same(phase.name === 'stopping' ? { ...NEIGHBOUR_INITIAL, phase } : NEIGHBOUR_INITIAL);
}

function onUnhealthy(
  state: NeighbourState,
  { reason: why, sighting }: Extract<NeighbourEvent, { type: 'unhealthy' }>,
  policy: RestartPolicy,
  nowMs: number,
): NeighbourStep {
  if (state.phase.name !== 'watching' || !policy.onUnhealthy) return same(state);
  const patience = patienceWith(sighting, policy);
  if (patience !== undefined) return same(state, patience);
  if (nowMs < state.restUntilMs) return same(state);
  const { recentMs: stopsAtMs, exhausted } = judgeAttempts(state.stopsAtMs, policy, nowMs);
  if (exhausted) {
    const reason = `given up after ${stopsAtMs.length} restarts within ${seconds(policy.windowMs)}: ${why}; SIGHUP to the agent lets it try again`;
    return { state: { ...state, stopsAtMs, phase: { name: 'given-up' } }, effects: [], reason };
  }
  const killAtMs = nowMs + policy.killAfterMs;
  return {
    state: {
      phase: { name: 'stopping', killAtMs, why },
      stopsAtMs: [...stopsAtMs, nowMs],
      // A single agent stands beside a single server: there is nobody to be out of step with, so no jitter.
      restUntilMs: nowMs + attemptDelayMs(stopsAtMs.length, policy, 0, () => 0),
    },
    effects: [
      { type: 'signal', signal: 'SIGTERM' },
      { type: 'wake-at', atMs: killAtMs },
    ],
    reason: `telling the server to end: ${why}; SIGKILL follows after ${seconds(policy.killAfterMs)}`,
  };
}

/** Why no signal is sent now, or undefined. */
function patienceWith({ count, proven, knownForMs }: Sighting, policy: RestartPolicy): string | undefined {
  if (count === 0) return 'there is no server process; whoever runs it starts it again';
  if (count > 1) return `${count} processes look like the server, so none of them is signalled`;
  if (proven || knownForMs >= policy.startTimeoutMs) return undefined;
  return `its process is new and has ${seconds(policy.startTimeoutMs)} to pass a probe`;
}

function onWake(state: NeighbourState, nowMs: number): NeighbourStep {
  const { phase } = state;
  if (phase.name !== 'stopping' || phase.killAtMs === undefined || nowMs < phase.killAtMs) return same(state);
  return {
    state: { ...state, phase: { ...phase, killAtMs: undefined } },
    effects: [{ type: 'signal', signal: 'SIGKILL' }],
    reason: 'the server did not end on SIGTERM in time; killing it',
  };
}
