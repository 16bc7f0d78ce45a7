/**
 * Processes that want a core each and do nothing with it. Each ends by itself: when its time is over, or within
 * milliseconds when whoever started it is gone.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Cleanup } from '../quickstart/cleanup';
import { endProcess } from '../quickstart/processes';

const BURN = `
  const endMs = Date.now() + Number(process.argv[1]);
  const parent = Number(process.argv[2]);
  while (Date.now() < endMs && process.ppid === parent) for (let i = 0; i < 1e5; i += 1) Math.sqrt(i);`;
const PATIENCE_MS = 1_000;

/** A session of its own for each: where Linux shares the cores among sessions, each of them gets a share. */
export function startBurners(count: number, forMs: number, cleanup: Cleanup): readonly ChildProcess[] {
  return Array.from({ length: count }, () => {
    const args = ['-e', BURN, String(Math.ceil(forMs)), String(process.pid)];
    const child = spawn(process.execPath, args, { stdio: 'ignore', detached: true });
    cleanup.add(() => endProcess(child, PATIENCE_MS));
    return child;
  });
}
