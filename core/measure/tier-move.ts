/**
 * Says how long a change of tiers took: from the first sign of what made the calls leave, or from when the tier was fit
 * that they came back to. It decides no change; core/decide/failover does.
 */
import type { TierDecision } from '../decide/failover';
import type { Presence } from '../detect/presence';
import type { Fitness } from '../detect/fitness';
import type { TierMove } from '../domain/move';

/** One endpoint at the moment of the change. */
export interface Placed {
  readonly tier: number;
  readonly fitness: Fitness;
  /** Since when it has had this fitness. */
  readonly sinceMs: number;
  readonly presence: Presence;
}

/** @returns null when the calls did not move: the first choice of a tier is none */
export function tierMoveOf(
  { change, level, reason }: Pick<TierDecision, 'change' | 'level' | 'reason'>,
  ordered: boolean,
  placed: readonly Placed[],
  nowMs: number,
): TierMove | null {
  if (change === null || change.kind === 'start' || change.from === null) return null;
  const { kind, from, to } = change;
  const sinceMs = ordered ? null : kind === 'failover' ? leftMs(placed, from, nowMs) : backMs(placed, to, level, nowMs);
  return { kind, from, to, reason, ...(sinceMs !== null && { afterMs: Math.max(0, Math.round(nowMs - sinceMs)) }) };
}

/** The calls were well until the last one of the tier showed a sign of illness. */
function leftMs(placed: readonly Placed[], from: number, nowMs: number): number {
  const signs = placed
    .filter(({ tier }) => tier === from)
    .map(({ presence, sinceMs }) => (presence.state === 'out' ? presence.sinceMs : sinceMs));
  return signs.length === 0 ? nowMs : Math.max(...signs);
}

function backMs(placed: readonly Placed[], to: number, level: TierDecision['level'], nowMs: number): number {
  return Math.min(nowMs, ...placed.filter((one) => one.tier === to && one.fitness === level).map((one) => one.sinceMs));
}
