/**
 * Starts the server command in a process group of its own, and signals that whole group. When the server itself is gone,
 * what is left of its group is killed, so that nothing keeps its port. Whatever way the agent ends, its children end
 * first; only SIGKILL of the agent itself leaves them behind.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ServerExit, ServerLauncher, ServerProcess } from './ports';

export interface CommandOptions {
  /** Program and arguments; no shell is between. */
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  /** Without it the server writes to the agent's own output; with it every line is handed over. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** A launcher of `command`. */
export function commandLauncher(options: CommandOptions): ServerLauncher {
  return { launch: (onExit, more) => launch({ ...options, env: { ...options.env, ...more } }, onExit) };
}

function launch(options: CommandOptions, onExit: (exit: ServerExit) => void): ServerProcess {
  const [program, ...args] = options.command;
  const { onLine } = options;
  const output = onLine === undefined ? 'inherit' : 'pipe';
  const child = spawn(program, args, { detached: true, env: options.env, stdio: ['ignore', output, output] });
  if (onLine !== undefined) {
    readLines(child.stdout, (line) => onLine(line, 'stdout'));
    readLines(child.stderr, (line) => onLine(line, 'stderr'));
  }
  const killGroup = (): void => {
    signalGroup(child, 'SIGKILL');
  };
  process.once('exit', killGroup);
  let over = false;
  const end = (exit: ServerExit): void => {
    if (over) return;
    over = true;
    process.removeListener('exit', killGroup);
    killGroup();
    onExit(exit);
  };
  child.once('error', (error: NodeJS.ErrnoException) => {
    // An error of a process that did start (a signal that could not be sent) is not its end.
    if (child.pid === undefined) end(spawnFailure(program, error));
  });
  child.once('exit', (code, signal) => {
    end({ how: signal === null ? `exit code ${String(code)}` : `signal ${signal}` });
  });
  return { pid: child.pid, signal: (name) => !over && signalGroup(child, name) };
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, name);
  } catch {
    return false;
  }
}

function spawnFailure(program: string, error: NodeJS.ErrnoException): ServerExit {
  const code = error.code ?? 'unknown error';
  const why = { ENOENT: 'no such command', EACCES: 'it may not be executed' }[code] ?? error.message;
  return { how: `cannot start "${program}": ${why} (${code})`, spawnError: code };
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream === null) return;
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine);
}
