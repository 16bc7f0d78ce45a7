import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { program, ROOT } from '../../scripts/chaos/program';

/** One of our commands in a process of its own, without colours and without the CONSUL_* variables of whoever runs the tests. */
export interface CliProcess {
  /** What it printed so far. */
  readonly stdout: () => string;
  signal(name: NodeJS.Signals): void;
  /** Never rejects. */
  readonly exited: Promise<CliEnd>;
}

export interface CliEnd {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `understudy`. Whoever starts one ends it, and waits for `exited`. */
export function startCli(args: readonly string[], env: NodeJS.ProcessEnv = {}): CliProcess {
  return start(program('cli', 'main', ['cli', 'agent', 'core', 'registry', 'runtime']), args, env);
}

/** The load on the calculators. Whoever starts one ends it, and waits for `exited`. */
export function startLoad(args: readonly string[]): CliProcess {
  return start(
    program('calculator', 'load-main', ['calculator', 'client', 'core', 'proto', 'registry', 'runtime']),
    args,
  );
}

function start(main: readonly string[], args: readonly string[], env: NodeJS.ProcessEnv = {}): CliProcess {
  const kept = Object.entries(process.env).filter(([name]) => !/^(CONSUL|UNDERSTUDY)_/.test(name));
  const child = spawn(process.execPath, [...main, ...args], {
    cwd: ROOT,
    env: { ...Object.fromEntries(kept), NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const end = async (): Promise<CliEnd> => {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  };
  return { stdout: () => stdout, signal: (name) => void child.kill(name), exited: end() };
}
