/**
 * Ends child processes and waits until they are gone; and makes sure that they end when this process is killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

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
 * Children outlive a parent that is killed. A waiting shell holds the other end of a pipe: when the pipe closes without
 * a word, the parent is gone, and the shell asks the children to end, also those that are stopped, and removes the folder.
 * @returns call it when the children have ended in order
 */
export function guardAgainstOwnDeath(children: readonly Pick<ChildProcess, 'pid'>[], folder: string): () => void {
  const script =
    'folder=$1; shift; read -r word && exit 0; kill -TERM "$@"; kill -CONT "$@"; sleep 2; rm -rf "$folder"';
  const pids = children.map((child) => String(child.pid));
  const guard = spawn('/bin/sh', ['-c', script, 'sh', folder, ...pids], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return () => guard.stdin.end('done\n');
}
