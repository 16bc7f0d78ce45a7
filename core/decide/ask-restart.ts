/**
 * Decides when a client asks the agent of an instance to restart it: after it was unfit for the client for a while, and only
 * if nothing says that the agent knows already, or that it is the client who is ill. It asks nobody, and restarts nothing.
 */
import { backoffMs } from '../time/backoff';
import { isServing } from '../domain/health';
import type { CatalogEntry } from '../domain/instance';
import type { Rng } from '../time/clock';

/** How one instance stands with one client. */
export interface Standing {
  /** When to ask; null: it is fit, or was never fit. */
  readonly askAtMs: number | null;
  /** It was fit once: one that never was may not have been started yet. */
  readonly wasFit: boolean;
  readonly asked: number;
  readonly askedMs: number;
}

export const UNKNOWN_STANDING: Standing = { askAtMs: null, wasFit: false, asked: 0, askedMs: -Infinity };

const AGAIN = { initialMs: 20_000, maxMs: 1_200_000, factor: 2, jitter: 0.5 };
/** What was asked so long ago counts no more. */
const FORGOTTEN_MS = 3_600_000;

/** It became fit, or unfit. A random half is added to `afterMs`: one client of many is enough. */
export function standingAfter(before: Standing, fit: boolean, afterMs: number, nowMs: number, rng: Rng): Standing {
  if (fit) return { ...before, wasFit: true, askAtMs: null };
  if (!before.wasFit || before.askAtMs !== null) return before;
  const asked = nowMs - before.askedMs > FORGOTTEN_MS ? 0 : before.asked;
  const restEndMs = asked === 0 ? -Infinity : before.askedMs + backoffMs(asked - 1, AGAIN, rng);
  return { ...before, asked, askAtMs: Math.max(nowMs + afterMs * (1 + 0.5 * rng()), restEndMs) };
}

/** Somebody looks whether to ask now; the next look is later. */
export function standingAfterLook(before: Standing, nowMs: number, rng: Rng): Standing {
  return { ...before, askAtMs: nowMs + backoffMs(0, AGAIN, rng) };
}

/** It was asked for: the next time is later, and later each time. */
export function standingAfterAsking(before: Standing, nowMs: number, rng: Rng): Standing {
  const askAtMs = before.askAtMs === null ? null : nowMs + backoffMs(before.asked, AGAIN, rng);
  return { ...before, asked: before.asked + 1, askedMs: nowMs, askAtMs };
}

export interface AskFacts {
  readonly id: string;
  /** The service as the catalog knows it now. */
  readonly instances: readonly CatalogEntry[];
  readonly agents: readonly CatalogEntry[];
  /** Ids of the instances that are fit for this client. */
  readonly fit: ReadonlySet<string>;
}

export type AskVerdict =
  { readonly agent: CatalogEntry; readonly reason: string } | { readonly agent: null; readonly reason: string };

/** Whom to ask; nobody: why not. */
export function judgeAsk({ id, instances, agents, fit }: AskFacts): AskVerdict {
  const refuse = (reason: string): AskVerdict => ({ agent: null, reason });
  const entry = instances.find((one) => one.id === id);
  if (entry === undefined) return refuse('it is not in the catalog any more');
  if (!isServing(entry.health)) return refuse(`the catalog says ${entry.health} already: ${entry.reason}`);
  const other = instances.find((one) => one.id !== id && fit.has(one.id));
  if (other === undefined) return refuse('no other instance is fit, so it may be this client that is ill');
  const agent = agents.find(({ meta, health }) => meta['agent'] === entry.owner && health === 'passing');
  if (agent === undefined) return refuse(`its agent, ${entry.owner || 'which nobody knows'}, has no admin API`);
  return { agent, reason: `${other.id} is fit, and the catalog still says ${entry.health}` };
}
