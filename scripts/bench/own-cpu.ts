/**
 * Gives the process that is measured a CPU to itself: where the system moves it about among its servers, the same calls
 * cost half as much again in one run as in the next.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Cleanup } from '../quickstart/cleanup';

const LAST_CPU = availableParallelism() - 1;

/** This process, and all that it starts from now on, leave the first CPU alone. @returns false where that cannot be done */
export function leaveFirstCpu(cleanup: Cleanup): boolean {
  const done = LAST_CPU > 0 && runOn(`1-${LAST_CPU}`, process.pid);
  if (done) cleanup.add(() => void runOn(`0-${LAST_CPU}`, process.pid));
  return done;
}

/** And this one has it. */
export function takeFirstCpu(pid: number): void {
  runOn('0', pid);
}

/** It takes `taskset`, and the right to these CPUs. */
function runOn(cpus: string, pid: number): boolean {
  const flags = ['--all-tasks', '--cpu-list', '--pid', cpus, String(pid)];
  return spawnSync('taskset', flags, { stdio: 'ignore' }).status === 0;
}
