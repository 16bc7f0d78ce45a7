/**
 * Cuts a schedule that breaks a promise: takes faults away, one at a time, as long as the same promise is still broken. What is
 * left is usually two or three lines that a person can read.
 */
import type { Fault, Schedule } from './faults';
import { runSeed, type RunResult } from './run';

export interface Shrunk {
  readonly schedule: Schedule;
  readonly result: RunResult;
  /** How many runs it took. */
  readonly runs: number;
}

type Run = (seed: number, schedule: Schedule) => Promise<RunResult>;

/** @param broken a run with a violation */
export async function shrink(broken: RunResult, run: Run = runSeed): Promise<Shrunk> {
  const promise = promiseOf(broken);
  let result = broken;
  let runs = 0;
  for (let place = 0; place < result.schedule.faults.length;) {
    const { shape, faults } = result.schedule;
    const schedule = { shape, faults: without(faults, place) };
    const shorter = await run(broken.seed, schedule);
    runs += 1;
    if (promiseOf(shorter) === promise) {
      result = { ...shorter, schedule };
      // What was needed beside the one that is gone may not be needed any more.
      place = 0;
    } else place += 1;
  }
  return { schedule: result.schedule, result, runs };
}

function without(faults: readonly Fault[], place: number): readonly Fault[] {
  return faults.filter((_, index) => index !== place);
}

/** The name of the promise that is broken; null when all are kept. */
function promiseOf({ violations }: RunResult): string | null {
  return violations[0]?.split(':')[0] ?? null;
}
