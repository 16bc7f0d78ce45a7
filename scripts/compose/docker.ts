/**
 * Runs docker commands and hands out what they print. It knows nothing of the cluster.
 */
import { spawn, spawnSync } from 'node:child_process';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the command when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Rejects with what the command wrote to stderr when it fails. */
export function docker(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { cwd, env, signal } = options;
  return new Promise((resolve, reject) => {
    // A process group of its own: Ctrl-C reaches this process alone, which decides the order of the end.
    const child = spawn('docker', args, { cwd, env, signal, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (data) => (output.stdout += String(data)));
    child.stderr.on('data', (data) => (output.stderr += String(data)));
    child.once('error', (error) => reject(signal?.aborted === true ? (signal.reason as Error) : error));
    child.once('close', (code) => {
      if (code === 0) resolve(output.stdout);
      else
        reject(
          new Error(`docker ${args.join(' ')} ended with ${String(code)}:\n${output.stderr.trim().slice(-2_000)}`),
        );
    });
  });
}

/** Why there is no Docker engine with Compose v2 here, in one sentence; undefined when there is one. */
export function missingEngine(): string | undefined {
  const engine = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { encoding: 'utf8' });
  if (engine.error !== undefined) return 'there is no docker command on this machine';
  if (engine.status !== 0) return `no Docker engine answers: ${engine.stderr.trim().split('\n').at(-1) ?? ''}`;
  const compose = spawnSync('docker', ['compose', 'version', '--short'], { encoding: 'utf8' });
  return compose.status === 0 ? undefined : 'docker compose is not installed';
}
