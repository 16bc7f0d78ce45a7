/**
 * Makes the picker over those endpoints that may be given calls at this moment, spread as core decides.
 */
import type { TierDecision } from '../core/decide/failover';
import { isServing } from '../core/domain/health';
import { spread, type SpreadMember } from '../core/pick/spread';
import type { ChannelContext } from './channel-context';
import type { Judged } from './endpoint-set';
import { spreadOptions } from './options';
import { EndpointPicker, type PickerMemory } from './picker';

export interface PickerOver {
  readonly picker: EndpointPicker;
  /** Make another one then; Infinity: only on news. */
  readonly wakeAtMs: number;
}

/** Null when nobody may be given calls. */
export function pickerOver(
  judged: readonly Judged[],
  { level, state: { activeTier, leaving } }: TierDecision,
  context: ChannelContext,
  memory: PickerMemory,
  nowMs: number,
): PickerOver | null {
  if (level === null || activeTier === null) return null;
  // Who is only about to connect is no capacity that is missing.
  const known = judged.filter(({ candidate }) => candidate.fitness !== 'pending');
  const members = known.map((one) => memberOf(one, level, nowMs));
  const { weights, wakeAtMs } = spread(members, { tier: activeTier, leaving }, nowMs, spreadOptions(context.options));
  const placed = known.map(({ endpoint }, place) => ({
    endpoint,
    weight: weights[place] ?? 0,
    member: members[place],
  }));
  const pool = placed.filter(({ weight }) => weight > 0);
  const reserve = placed.filter(({ weight, member }) => weight === 0 && member?.usable === true);
  const picker = new EndpointPicker({
    choices: { pool: pool.map(({ endpoint }) => endpoint), reserve: reserve.map(({ endpoint }) => endpoint) },
    weights: pool.map(({ weight }) => weight),
    trials: known.filter(mayBeTried).map(({ endpoint }) => endpoint),
    memory,
    policy: context.options.policy,
    rng: context.rng,
    clock: context.clock,
    budget: context.budget,
  });
  return { picker, wakeAtMs: wakeAtMs ?? Infinity };
}

/** Its failed calls are all that speaks against it: not its connection, its silence, its own word or its agent's. */
function mayBeTried({ endpoint, candidate }: Judged): boolean {
  const { vitals, entry } = endpoint;
  return vitals.standing.phase === 'probation' && candidate.fitness === 'last-resort' && isServing(entry.health);
}

function memberOf({ endpoint, candidate, sinceMs }: Judged, level: string, nowMs: number): SpreadMember {
  const usable = candidate.fitness === level;
  const { weight, meta } = endpoint.entry;
  return {
    tier: candidate.tier,
    weight,
    zone: meta['zone'] ?? '',
    load: endpoint.load.weightAt(nowMs),
    reportsLoad: endpoint.load.any,
    usable,
    usableSinceMs: usable ? sinceMs : null,
  };
}
