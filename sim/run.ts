/**
 * One run: a world from a seed, its faults, and then the time in which everything must come back. It ends at the first
 * violation, or once everything has converged.
 */
import { DEFAULT_WATCH } from '../core/decide/watch-step';
import { drawSchedule, WARM_UP_MS, type FaultKind, type Schedule } from './faults';
import { Random } from './random';
import { Convergence } from './convergence';
import { World } from './world';

export interface RunResult {
  readonly seed: number;
  readonly schedule: Schedule;
  /** Empty: all invariants held. */
  readonly violations: readonly string[];
  /** From the end of the last fault until all was as it should be, ms; null when it never was. */
  readonly convergedAfterMs: number | null;
  readonly events: number;
  readonly simulatedMs: number;
  readonly calls: { readonly all: number; readonly failedSafe: number; readonly failedUnsafe: number };
  readonly fingerprint: string;
  readonly lines: readonly string[];
}

/** What follows from a fault is over by then: a TTL, a backoff, a start, a few probes. The hold of a failback comes on top. */
const CONVERGE_MS = 45_000;
/** An operator looks after what was given up. */
const FORGIVE_AFTER_MS = 3_000;

/** @param schedule another one than the seed's own: what a shrinker has left of it */
export async function runSeed(seed: number, schedule: Schedule = drawSchedule(new Random(seed))): Promise<RunResult> {
  const world = new World(seed, schedule);
  const convergence = new Convergence(world);
  world.watchers.push(convergence);
  world.start();
  const lastMs = schedule.faults.reduce((last, { atMs }) => Math.max(last, atMs), WARM_UP_MS);
  await world.run(lastMs, () => false);
  const quietMs = Math.max(world.truth.quietFromMs, lastMs);
  world.engine.at(quietMs + FORGIVE_AFTER_MS, () => {
    for (const host of world.hosts.values()) host.forgive();
  });
  await world.run(quietMs, () => false);
  const endMs = quietMs + CONVERGE_MS + longestWaitMs(schedule) + convergence.longestHoldMs;
  if (world.violations.length === 0) await convergence.await(endMs);
  const { convergedMs, calls } = convergence;
  if (world.violations.length === 0 && convergedMs === null)
    world.violations.push(`everything converges: not within ${endMs - quietMs} ms: ${convergence.missing()}`);
  world.stop();
  return {
    ...{ seed, schedule, violations: world.violations, calls },
    convergedAfterMs: convergedMs === null ? null : Math.max(0, convergedMs - quietMs),
    ...{ events: world.engine.events, simulatedMs: world.engine.nowMs, fingerprint: world.trace.fingerprint },
    lines: world.trace.lines,
  };
}

/** Who stood still when the index began anew asks for one that will not come, and learns of it when its query ends. */
function longestWaitMs({ faults }: Schedule): number {
  const has = (...kinds: readonly FaultKind[]): boolean => faults.some(({ kind }) => kinds.includes(kind));
  return has('caller-pause') && has('consul-index', 'consul-wiped') ? DEFAULT_WATCH.waitMs : 0;
}
