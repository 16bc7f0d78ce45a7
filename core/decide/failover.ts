/**
 * Decides which tier takes the calls: away from a tier that cannot answer at once, back to a better one only after it
 * stayed well for a while. It never touches connections; client/balancer acts on what is decided here.
 */
import type { Fitness } from '../detect/fitness';

export interface Candidate {
  readonly id: string;
  readonly tier: number;
  readonly fitness: Fitness;
  /** Why it has this fitness. */
  readonly reason: string;
}

/** What may be given calls when nobody is fit: the least ill of those who are connected, or nobody. */
export type WhenNobody = 'failOpen' | 'failClosed';

/** The levels of fitness that may be given calls, best first. */
const LEVELS = ['fit', 'last-resort', 'desperate'] as const satisfies readonly Fitness[];
export type UsableLevel = (typeof LEVELS)[number];

export interface FailoverOptions {
  readonly whenNobody: WhenNobody;
  /** At the start, wait this long for a better tier that is still connecting before a backup is chosen. */
  readonly settleMs: number;
  readonly failback: 'auto' | 'manual';
  /** A returned tier must stay well for this long before the calls go back. Doubles with each failover in the window. */
  readonly holdMs: number;
  readonly maxHoldMs: number;
  /** Failovers younger than this lengthen the hold. */
  readonly flapWindowMs: number;
}

interface TierSince {
  readonly tier: number;
  /** Ms of the clock. */
  readonly sinceMs: number;
}

export interface FailoverState {
  readonly startedMs: number;
  /** The tier that takes the calls; null before the first choice. It stays when nobody can answer. */
  readonly activeTier: number | null;
  /** A better tier that is well again, and since when. */
  readonly returning: TierSince | null;
  /**
   * The tier from which the calls went back to the active one, and when: it keeps a part of them for a while (core/pick/spread).
   * Null: they did not leave it of our own will.
   */
  readonly leaving: TierSince | null;
  /** When calls left a better tier for a worse one, oldest first, inside the flap window. */
  readonly failoversMs: readonly number[];
  /** An operator's order that is still to be carried out: then a better tier gets the calls at once. */
  readonly ordered: 'failover' | 'failback' | null;
}

export interface TierChange {
  readonly kind: 'start' | 'failover' | 'failback';
  readonly from: number | null;
  readonly to: number;
}

export interface TierDecision {
  readonly state: FailoverState;
  /** What the calls may be given to at this moment: the best level that anybody has; null: nobody. */
  readonly level: UsableLevel | null;
  readonly change: TierChange | null;
  /** Decide again then, even if nothing happens; null: only on news. */
  readonly wakeAtMs: number | null;
  readonly reason: string;
}

export function startFailover(nowMs: number): FailoverState {
  return { startedMs: nowMs, activeTier: null, returning: null, leaving: null, failoversMs: [], ordered: null };
}

/** One decision. Pure: the same state, candidates and time give the same answer. */
export function decideTier(
  state: FailoverState,
  candidates: readonly Candidate[],
  nowMs: number,
  options: FailoverOptions,
): TierDecision {
  const level = usableLevel(candidates, options.whenNobody);
  const best = level === null ? null : lowestTier(candidates, level);
  const recent = state.failoversMs.filter((at) => nowMs - at < options.flapWindowMs);
  const current: FailoverState = { ...state, failoversMs: recent };
  const settled = state.activeTier !== null;

  const awaited = candidates.find((one) => one.fitness === 'pending' && (best === null || one.tier < best));
  const settleEndMs = state.startedMs + options.settleMs;
  if (!settled && awaited !== undefined && nowMs < settleEndMs) {
    return stay(current, null, settleEndMs, `waiting for ${awaited.id} (tier ${awaited.tier}): ${awaited.reason}`);
  }
  if (level === null || best === null) {
    return stay({ ...current, returning: null }, null, null, nobody(candidates));
  }
  if (state.activeTier === null) {
    return switchTo(current, level, best, nowMs, `tier ${best} is the best that answers: ${whyOf(candidates, best)}`);
  }
  if (!hasLevel(candidates, state.activeTier, level)) {
    return switchTo(
      current,
      level,
      best,
      nowMs,
      `tier ${state.activeTier} cannot answer: ${whyOf(candidates, state.activeTier)}`,
    );
  }
  if (best < state.activeTier) {
    if (state.ordered !== null) return switchTo(current, level, best, nowMs, 'an operator ordered it');
    return considerFailback(current, state.activeTier, level, best, nowMs, options);
  }
  // Whoever is to take the calls may still have to connect.
  const ordered = awaited === undefined ? null : state.ordered;
  return stay({ ...current, returning: null, ordered }, level, null, `tier ${state.activeTier} answers`);
}

/** How long a returned tier must stay well, given how often calls had to leave it lately. */
export function failbackHoldMs(recentFailovers: number, options: FailoverOptions): number {
  return Math.min(options.maxHoldMs, options.holdMs * 2 ** Math.min(Math.max(0, recentFailovers - 1), 30));
}

function considerFailback(
  state: FailoverState,
  active: number,
  level: UsableLevel,
  better: number,
  nowMs: number,
  options: FailoverOptions,
): TierDecision {
  if (options.failback === 'manual') {
    return stay({ ...state, returning: null }, level, null, `tier ${better} is well again; failback is manual`);
  }
  const sinceMs = state.returning?.tier === better ? state.returning.sinceMs : nowMs;
  const holdMs = failbackHoldMs(state.failoversMs.length, options);
  const untilMs = sinceMs + holdMs;
  if (nowMs >= untilMs) {
    const why = `tier ${better} has been well for ${Math.round(nowMs - sinceMs)} ms`;
    const change = switchTo(state, level, better, nowMs, why);
    return { ...change, state: { ...change.state, leaving: { tier: active, sinceMs: nowMs } } };
  }
  return stay(
    { ...state, returning: { tier: better, sinceMs } },
    level,
    untilMs,
    `tier ${better} is well again; tier ${active} keeps the calls until it stayed well for ${Math.round(holdMs)} ms`,
  );
}

function stay(
  state: FailoverState,
  level: TierDecision['level'],
  wakeAtMs: number | null,
  reason: string,
): TierDecision {
  return { state, level, change: null, wakeAtMs, reason };
}

function switchTo(state: FailoverState, level: UsableLevel, to: number, nowMs: number, reason: string): TierDecision {
  const from = state.activeTier;
  const kind = from === null ? 'start' : (state.ordered ?? (to > from ? 'failover' : 'failback'));
  const failoversMs = kind === 'failover' && state.ordered === null ? [...state.failoversMs, nowMs] : state.failoversMs;
  return {
    state: { ...state, activeTier: to, returning: null, leaving: null, failoversMs, ordered: null },
    level,
    change: { kind, from, to },
    wakeAtMs: null,
    reason,
  };
}

function usableLevel(candidates: readonly Candidate[], whenNobody: WhenNobody): UsableLevel | null {
  const allowed = whenNobody === 'failOpen' ? LEVELS : LEVELS.slice(0, 1);
  return allowed.find((level) => candidates.some((one) => one.fitness === level)) ?? null;
}

function hasLevel(candidates: readonly Candidate[], tier: number, level: Fitness): boolean {
  return candidates.some((one) => one.tier === tier && one.fitness === level);
}

function lowestTier(candidates: readonly Candidate[], level: Fitness): number {
  return candidates.reduce((lowest, one) => (one.fitness === level ? Math.min(lowest, one.tier) : lowest), Infinity);
}

function whyOf(candidates: readonly Candidate[], tier: number): string {
  const members = candidates.filter((one) => one.tier === tier);
  if (members.length === 0) return `no instance of tier ${tier} is left`;
  return members.map((one) => `${one.id}: ${one.reason}`).join('; ');
}

function nobody(candidates: readonly Candidate[]): string {
  if (candidates.length === 0) return 'no instance is known';
  return `nobody can answer: ${candidates.map((one) => `${one.id} (tier ${one.tier}): ${one.reason}`).join('; ')}`;
}
