/**
 * Runs one Consul process, with its output in a file. It never outlives its parent, even one that was killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { whenKilled } from '../when-killed';

export interface ConsulRun {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves when the process is gone; never rejects. */
  readonly ended: Promise<void>;
}

/** Rejects when the program cannot be started. When this process is killed, `folder` is removed with the child. */
export async function launchConsul(
  binary: string,
  flags: readonly string[],
  folder: string,
  logFile: string,
): Promise<ConsulRun> {
  const log = openSync(logFile, 'w');
  // A process group of its own: Ctrl-C in a terminal reaches the parent alone, which decides the order of the end.
  const child = spawn(binary, flags, { cwd: folder, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
  const standDown = whenKilled('kill -9 "$1"; rm -rf "$2"', [String(pid), folder]);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      standDown();
      resolve();
    });
  });
  return { child, pid, ended };
}
