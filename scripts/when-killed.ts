/**
 * What a process started outlives it when it is killed. So a waiting shell holds the other end of a pipe: when the pipe
 * closes without a word, this process is gone, however it went, and the shell does what is left to do.
 */
import { spawn } from 'node:child_process';

/**
 * @param script of /bin/sh, for the case that this process is killed
 * @param args its `$1`, `$2`, …
 * @returns call it when there is nothing left to do
 */
export function whenKilled(
  script: string,
  args: readonly string[],
  where: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): () => void {
  const shell = spawn('/bin/sh', ['-c', `read -r word && exit 0; ${script}`, 'sh', ...args], {
    ...where,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return () => {
    shell.stdin.end('done\n');
  };
}
