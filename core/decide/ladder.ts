/**
 * Decides which rung of a service's ladder is tried on an ill server, when the next, and when no more. It is driven by the
 * probes alone: each failing one asks again, so nothing is ever done to a server that has not just been seen ill. It never
 * begins an action while another is under way.
 */
import type { IncidentStep, Moment } from '../domain/incident';
import type { Rng } from '../time/clock';
import { attemptDelayMs, judgeAttempts, seconds, type AttemptPolicy } from './attempts';

export interface LadderPolicy extends AttemptPolicy {
  /** How often each rung is tried before the next, lowest first; the last one is tried to the end. At least one. */
  readonly rungs: readonly number[];
  /** So long a server has after an action to pass a probe. */
  readonly graceMs: number;
  /** A server that was well for so long starts with a clean sheet, at the lowest rung. */
  readonly stableAfterMs: number;
}

export type LadderPhase =
  | { readonly name: 'watching' }
  | { readonly name: 'acting' }
  /** An action was done; it may take its time to work. */
  | { readonly name: 'grace'; readonly untilMs: number }
  /** An action failed or did not help. */
  | { readonly name: 'resting'; readonly untilMs: number }
  | { readonly name: 'given-up' };

export interface LadderState {
  readonly phase: LadderPhase;
  /** When actions began, within the window; oldest first. */
  readonly actedAtMs: readonly number[];
  /** Actions since the clean sheet. */
  readonly made: number;
  /** Since when the server has been well; undefined while it is not. */
  readonly wellSinceMs: number | undefined;
}

export type LadderEvent =
  | { readonly type: 'ill'; readonly reason: string }
  | { readonly type: 'healthy' }
  /** The action has ended. */
  | { readonly type: 'acted'; readonly ok: boolean; readonly how: string }
  /** An operator says: forget the past. */
  | { readonly type: 'reset' };

/** `rung` counts from 0, `attempt` from 1. */
export interface LadderAction {
  readonly rung: number;
  readonly attempt: number;
}

export interface LadderStep {
  readonly state: LadderState;
  /** What is to be begun now. */
  readonly act: LadderAction | undefined;
  /** Empty when there is nothing to say. */
  readonly reason: string;
}

export const LADDER_INITIAL: LadderState = {
  phase: { name: 'watching' },
  actedAtMs: [],
  made: 0,
  wellSinceMs: undefined,
};

// As for a restart: enough to part servers that fell together.
const JITTER = 0.5;

/** One step of the machine. */
export function nextLadder(
  state: LadderState,
  event: LadderEvent,
  policy: LadderPolicy,
  nowMs: number,
  rng: Rng,
): LadderStep {
  switch (event.type) {
    case 'ill':
      return onIll(state, event.reason, policy, nowMs, rng);
    case 'healthy':
      return onHealthy(state, nowMs);
    case 'acted':
      return onActed(state, event, policy, nowMs, rng);
    case 'reset':
      return same(state.phase.name === 'acting' ? { ...LADDER_INITIAL, phase: state.phase } : LADDER_INITIAL);
  }
}

/**
 * Where the ladder stands after another run of the agent left an incident open: its attempts count, and one whose end nobody
 * saw counts as done and gets its grace, so nothing is done twice.
 */
export function ladderAfter(steps: readonly IncidentStep[], policy: LadderPolicy, at: Moment): LadderState {
  const own = steps.filter(({ source }) => source === 'ladder');
  const begun = own.filter(({ kind }) => kind === 'acting').map((step) => at.nowMs - (at.unixMs - step.atUnixMs));
  const lastMs = begun.at(-1);
  if (lastMs === undefined) return LADDER_INITIAL;
  const wasGivenUp = steps.findLast(({ kind }) => kind === 'given-up' || kind === 'verified')?.kind === 'given-up';
  // A wall clock that went back would make the last action lie in the future.
  const untilMs = Math.min(lastMs, at.nowMs) + policy.graceMs;
  return {
    phase: wasGivenUp ? { name: 'given-up' } : { name: 'grace', untilMs },
    actedAtMs: begun,
    made: begun.length,
    wellSinceMs: undefined,
  };
}

function same(state: LadderState, reason = ''): LadderStep {
  return { state, act: undefined, reason };
}

function onIll(earlier: LadderState, why: string, policy: LadderPolicy, nowMs: number, rng: Rng): LadderStep {
  const { phase, wellSinceMs } = earlier;
  const stable = wellSinceMs !== undefined && nowMs - wellSinceMs >= policy.stableAfterMs;
  const state = stable ? LADDER_INITIAL : { ...earlier, wellSinceMs: undefined };
  if (phase.name === 'watching') return act(state, why, policy, nowMs);
  if (phase.name === 'acting' || phase.name === 'given-up' || nowMs < phase.untilMs) return same(state);
  if (phase.name === 'resting') return act(state, why, policy, nowMs);
  return rest(state, `no better ${seconds(policy.graceMs)} after the last action`, policy, nowMs, rng);
}

function act(state: LadderState, why: string, policy: LadderPolicy, nowMs: number): LadderStep {
  const { recentMs, exhausted } = judgeAttempts(state.actedAtMs, policy, nowMs);
  if (exhausted) {
    const reason = `given up after ${recentMs.length} attempts within ${seconds(policy.windowMs)}: ${why}; SIGHUP to the agent lets it try again`;
    return same({ ...state, actedAtMs: recentMs, phase: { name: 'given-up' } }, reason);
  }
  const rung = rungOf(state.made, policy.rungs);
  const attempt = state.made + 1;
  return {
    state: { phase: { name: 'acting' }, actedAtMs: [...recentMs, nowMs], made: attempt, wellSinceMs: undefined },
    act: { rung, attempt },
    reason: `attempt ${attempt}, rung ${rung + 1} of ${policy.rungs.length}: ${why}`,
  };
}

function rungOf(made: number, rungs: readonly number[]): number {
  let sum = 0;
  const at = rungs.findIndex((attempts) => (sum += attempts) > made);
  return at < 0 ? rungs.length - 1 : at;
}

function rest(state: LadderState, what: string, policy: LadderPolicy, nowMs: number, rng: Rng): LadderStep {
  const delayMs = attemptDelayMs(state.made - 1, policy, JITTER, rng);
  const reason = `${what}; the next attempt follows in ${Math.round(delayMs)} ms`;
  return same({ ...state, phase: { name: 'resting', untilMs: nowMs + delayMs } }, reason);
}

function onHealthy(state: LadderState, nowMs: number): LadderStep {
  if (state.phase.name === 'given-up')
    return same({ ...LADDER_INITIAL, wellSinceMs: nowMs }, 'the server answers again; earlier failures are forgotten');
  const phase: LadderPhase = state.phase.name === 'acting' ? state.phase : { name: 'watching' };
  return same({ ...state, phase, wellSinceMs: state.wellSinceMs ?? nowMs });
}

function onActed(
  state: LadderState,
  { ok, how }: Extract<LadderEvent, { type: 'acted' }>,
  policy: LadderPolicy,
  nowMs: number,
  rng: Rng,
): LadderStep {
  if (state.phase.name !== 'acting') return same(state);
  if (!ok) return rest(state, how, policy, nowMs, rng);
  const reason = `${how}; the server has ${seconds(policy.graceMs)} to pass a probe`;
  return same({ ...state, phase: { name: 'grace', untilMs: nowMs + policy.graceMs } }, reason);
}
