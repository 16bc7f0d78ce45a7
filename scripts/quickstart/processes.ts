/**
 * Ends child processes and waits until they are gone; and makes sure that they end when this process is killed.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { whenKilled } from '../when-killed';

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/** SIGTERM, and SIGKILL when that was not enough. */
export async function endProcess(child: ChildProcess, timeoutMs: number): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await exit;
  clearTimeout(timer);
}

/**
 * Should this process be killed, the children are asked to end, also those that are stopped, and the folder is removed.
 * @returns call it when the children have ended in order
 */
export function guardAgainstOwnDeath(children: readonly Pick<ChildProcess, 'pid'>[], folder: string): () => void {
  const script = 'folder=$1; shift; kill -TERM "$@"; kill -CONT "$@"; sleep 2; rm -rf "$folder"';
  return whenKilled(script, [folder, ...children.map((child) => String(child.pid))]);
}
