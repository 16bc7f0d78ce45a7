/**
 * Runs a program, without a shell, in a process group of its own. When its time is over the whole group is killed; what it
 * leaves running after an end of its own is its affair. It is told why by its environment, which never holds our tokens.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Clock } from '../../core/time/clock';
import type { Hook, HookContext, HookResult } from './hook';

/** Follows which programs run. */
export interface ExecNotes {
  /** Before a start. @returns what the program must have in its environment */
  begins(): NodeJS.ProcessEnv;
  /** @param pid undefined: it could not be started */
  begun(pid: number | undefined): void;
  ended(pid: number): void;
}

export interface ExecOptions {
  readonly type?: string;
  readonly command: readonly [string, ...string[]];
  readonly timeoutMs: number;
  readonly env: NodeJS.ProcessEnv;
  readonly notes?: ExecNotes | undefined;
}

const OURS_ALONE = ['CONSUL_HTTP_TOKEN', 'CONSUL_HTTP_TOKEN_FILE', 'UNDERSTUDY_REGISTRY_TOKEN'];
const MOST_OUTPUT = 4000;
/** After its end, for what it printed last; a process that it left behind may hold the pipe for ever. */
const FLUSH_MS = 100;

export function execHook({ type = 'exec', command, timeoutMs, env, notes }: ExecOptions, clock: Clock): Hook {
  const [program] = command;
  return {
    type,
    what: `run ${command.join(' ')}`,
    timeoutMs,
    run: (context, signal) =>
      run({ program, args: command.slice(1), env: { ...without(env), ...told(context) }, notes }, clock, signal),
  };
}

function told({ service, instance, incident, reason, attempt, fence }: HookContext): NodeJS.ProcessEnv {
  return {
    UNDERSTUDY_SERVICE: service,
    UNDERSTUDY_INSTANCE: instance,
    UNDERSTUDY_INCIDENT: incident,
    // An environment cannot hold it.
    UNDERSTUDY_REASON: reason.replaceAll('\0', ''),
    UNDERSTUDY_ATTEMPT: String(attempt),
    ...(fence !== undefined && { UNDERSTUDY_FENCE: fence }),
  };
}

function without(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OURS_ALONE.includes(name)));
}

interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly notes: ExecNotes | undefined;
}

function run({ program, args, env, notes }: Program, clock: Clock, signal: AbortSignal): Promise<HookResult> {
  return new Promise((resolve) => {
    const marked = { ...env, ...notes?.begins() };
    const child = spawn(program, args, { detached: true, env: marked, stdio: ['ignore', 'pipe', 'pipe'] });
    const { pid } = child;
    notes?.begun(pid);
    let output = '';
    const collect = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-MOST_OUTPUT));
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const killGroup = (): void => kill(child);
    signal.addEventListener('abort', killGroup, { once: true });
    process.once('exit', killGroup);
    if (signal.aborted) killGroup();
    let over = false;
    const finish = (ok: boolean, how: string): void => {
      if (over) return;
      over = true;
      if (pid !== undefined) notes?.ended(pid);
      signal.removeEventListener('abort', killGroup);
      process.removeListener('exit', killGroup);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ ok, how, ...(output !== '' && { output }) });
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why = { ENOENT: 'no such command', EACCES: 'it may not be executed' }[error.code ?? ''] ?? error.message;
      if (pid === undefined) finish(false, `${program} cannot be started: ${why}`);
    });
    child.once('exit', (code, name) => {
      const how = `${program} ended with ${name === null ? `exit code ${String(code)}` : `signal ${name}`}`;
      const cancel = clock.after(FLUSH_MS, () => finish(code === 0, how));
      child.once('close', () => {
        cancel();
        finish(code === 0, how);
      });
    });
  });
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
