import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './until';
import { program, ROOT } from './program';

/**
 * A real `understudy agent` in a process of its own, with its configuration in a temporary file. Runs the build if it is
 * newer than the sources, and the sources otherwise. Whoever starts one stops it.
 */
export interface AgentProcess {
  readonly pid: number;
  /** Everything that it logged so far. */
  readonly lines: readonly AgentLine[];
  readonly stderr: () => string;
  /** The latest line whose message contains `text`, waited for; `after`: only lines from this index on. */
  said(text: string, after?: number): Promise<AgentLine>;
  /** Pid of the newest server process, waited for; `count`: at least so many were started. */
  serverPid(count?: number): Promise<number>;
  signal(name: NodeJS.Signals): void;
  readonly exited: Promise<AgentExit>;
  /** Ends it, by force if need be, and removes its file; idempotent. Servers end with it. */
  stop(): Promise<AgentExit>;
}

export interface AgentExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type AgentLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly message: string };

export interface StartAgentOptions {
  /** The configuration, as an object or as the text of the file. */
  readonly config: object | string;
  /** The server command. */
  readonly command?: readonly string[];
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const STOP_PATIENCE_MS = 15_000;
/** A machine that is busy with other tests needs its time to start a process. */
const PATIENCE_MS = 25_000;

export function startAgent(options: StartAgentOptions): AgentProcess {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-agent-'));
  const file = join(folder, 'agent.yaml');
  writeFileSync(file, typeof options.config === 'string' ? options.config : JSON.stringify(options.config));
  const { command = [], flags = [], env = {} } = options;
  const args = [
    'agent',
    '--config',
    file,
    '--log-format',
    'json',
    ...flags,
    ...(command.length > 0 ? ['--', ...command] : []),
  ];
  const child = spawn(process.execPath, [...understudy(), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: AgentLine[] = [];
  let stderr = '';
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(parsed(line)));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = endOf(child).finally(() => rmSync(folder, { recursive: true, force: true }));
  const servers = (): readonly number[] =>
    lines.filter((line) => line['epoch'] !== undefined).map((line) => Number(line['pid']));
  return {
    pid: child.pid ?? 0,
    lines,
    stderr: () => stderr,
    said: (text, after = 0) =>
      until(() => lines.slice(after).findLast((line) => line.message.includes(text)), {
        what: `the agent to say "${text}" (stderr: ${stderr})`,
        timeoutMs: PATIENCE_MS,
      }),
    serverPid: (count = 1) =>
      until(() => servers().length >= count && servers().at(-1), {
        what: `server process ${count} to start`,
        timeoutMs: PATIENCE_MS,
      }),
    signal: (name) => void child.kill(name),
    exited,
    async stop() {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
      const end = await exited;
      clearTimeout(force);
      return end;
    },
  };
}

/** Arguments to node that run the calculator with these flags. */
export function calculatorCommand(...flags: readonly string[]): readonly string[] {
  return [process.execPath, ...program('calculator', 'main', ['calculator', 'server', 'proto', 'runtime']), ...flags];
}

function understudy(): readonly string[] {
  return program('cli', 'main', ['cli', 'agent', 'core', 'registry', 'runtime']);
}

/** What a server writes on an inherited output is no line of ours. */
function parsed(line: string): AgentLine {
  try {
    return JSON.parse(line) as AgentLine;
  } catch {
    return { level: 'output', message: line };
  }
}

async function endOf(child: ChildProcess): Promise<AgentExit> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}
