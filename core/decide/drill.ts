/**
 * Decides whether the calls of a service may be moved to its backup for practice, and when they go back. Only a service that is
 * whole is moved, and whatever is not well ends it at once: a drill must never cost what it is there to save.
 */
import type { CatalogEntry } from '../domain/instance';
import { nextInLine, standingOrder, type Order } from '../domain/order';
import { seconds } from './attempts';

/** What is known at one moment. */
export interface DrillView {
  /** The whole service, as the catalog knows it; null: the registry does not answer. */
  readonly instances: readonly CatalogEntry[] | null;
  /** The order that is written down, whether it stands or not. */
  readonly order: Order | null;
  /** Id of an incident that is open. */
  readonly incident: string | undefined;
  readonly unixMs: number;
}

export interface DrillPlan {
  /** How long the backup carries the calls. */
  readonly forMs: number;
  /** A server that has run for less counts as in recovery still. */
  readonly settledMs: number;
}

/** `lead`: who leads meanwhile; empty: it may not begin. */
export interface DrillStart {
  readonly lead: readonly string[];
  readonly reason: string;
}

/** A drill that is under way. */
export interface RunningDrill {
  readonly order: Order;
  /** Ids of the instances that there were at its beginning. */
  readonly members: readonly string[];
  /** Monotonic. */
  readonly startedMs: number;
}

/** `end` null: it goes on. */
export interface DrillCourse {
  readonly end: 'drilled' | 'cut-short' | null;
  readonly reason: string;
}

/** What stands in the registry about the last drill of a service, begun or not. */
export interface DrillMark {
  readonly agent: string;
  readonly atUnixMs: number;
  readonly sentence: string;
}

export function mayDrill(view: DrillView, { forMs, settledMs }: DrillPlan): DrillStart {
  const { instances, order, unixMs } = view;
  const refused = (reason: string): DrillStart => ({ lead: [], reason });
  const trouble = notWhole(view);
  if (instances === null || trouble !== undefined) return refused(trouble ?? '');
  const standing = standingOrder(order, unixMs);
  if (standing !== null) return refused(`${standing.lead.join(', ')} leads by an operator's order`);
  const young = instances.find(({ epoch }) => unixMs - epoch < settledMs);
  if (young !== undefined) return refused(`${young.id} has run for less than ${seconds(settledMs)}`);
  const lead = nextInLine(instances, null);
  if (lead.length === 0) return refused('there is no backup in another tier');
  const all = `all ${instances.length} instances are passing`;
  return { lead, reason: `${all}; ${lead.join(', ')} leads for ${seconds(forMs)}` };
}

/** To be asked at each news, and when the time is over. */
export function drillCourse(drill: RunningDrill, view: DrillView, { forMs }: DrillPlan, nowMs: number): DrillCourse {
  const { order, members, startedMs } = drill;
  if (view.order?.atUnixMs !== order.atUnixMs || view.order.lead.join() !== order.lead.join())
    return { end: 'cut-short', reason: 'somebody gave another order, or took this one back' };
  const missing = members.find((id) => view.instances?.some((one) => one.id === id) === false);
  const trouble = notWhole(view) ?? (missing === undefined ? undefined : `${missing} is gone`);
  if (trouble !== undefined) return { end: 'cut-short', reason: trouble };
  const leftMs = startedMs + forMs - nowMs;
  const { length } = members;
  if (leftMs <= 0)
    return {
      end: 'drilled',
      reason: `${order.lead.join(', ')} led for ${seconds(forMs)}, and all ${length} kept well`,
    };
  return { end: null, reason: `${order.lead.join(', ')} leads for ${seconds(leftMs)} more` };
}

/** Whether the drill that fell due at this time is one that an agent has seen to already, though its clock may differ. */
export function isSeenTo(mark: DrillMark | undefined, dueUnixMs: number, { forMs }: DrillPlan): mark is DrillMark {
  return mark !== undefined && Math.abs(mark.atUnixMs - dueUnixMs) < forMs;
}

/** What cannot be read counts as not there. */
export function readDrillMark(text: string | null): DrillMark | undefined {
  try {
    const { agent, atUnixMs, sentence } = JSON.parse(text ?? '') as Partial<DrillMark>;
    const isMark = typeof agent === 'string' && typeof atUnixMs === 'number' && typeof sentence === 'string';
    return isMark ? { agent, atUnixMs, sentence } : undefined;
  } catch {
    return undefined;
  }
}

/** Why a service is not whole; undefined when it is. */
function notWhole({ instances, incident }: DrillView): string | undefined {
  if (instances === null) return 'the registry does not answer';
  if (instances.length === 0) return 'no instance is registered';
  const ill = instances.find(({ health }) => health !== 'passing');
  if (ill !== undefined) return `${ill.id} is ${ill.health}: ${ill.reason}`;
  return incident === undefined ? undefined : `incident ${incident} is open`;
}
