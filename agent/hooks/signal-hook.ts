/**
 * Signals a process that is found by its pid file, by a text in its command line, or by both. It signals one process or none:
 * when it is not sure which one is meant, it says so and does nothing.
 */
import { readFileSync } from 'node:fs';
import { processesMatching } from '../neighbour-process';
import type { NeighbourProcess } from '../ports';
import type { Hook, HookResult } from './hook';

export interface SignalOptions {
  readonly signal: NodeJS.Signals;
  readonly pidFile?: string;
  /** Stands in the process' command line. With a pid file it proves that the id was not passed on. */
  readonly match?: string;
  readonly timeoutMs: number;
}

export function signalHook(options: SignalOptions): Hook {
  const { signal, pidFile, match = '', timeoutMs } = options;
  const whom =
    pidFile === undefined ? `the process whose command line contains "${match}"` : `the process of ${pidFile}`;
  return {
    type: 'signal',
    what: `send ${signal} to ${whom}`,
    timeoutMs,
    run: () => Promise.resolve(send(signal, pidFile, match)),
  };
}

function send(signal: NodeJS.Signals, pidFile: string | undefined, match: string): HookResult {
  const processes = processesMatching(match);
  const found = processes.find();
  const meant = pidFile === undefined ? found : ofFile(pidFile, found);
  if (typeof meant === 'string') return { ok: false, how: meant };
  const [process, ...others] = meant;
  if (process === undefined) return { ok: false, how: 'there is no such process' };
  if (others.length > 0)
    return { ok: false, how: `${meant.length} processes look like it, so none of them is signalled` };
  const refusal = processes.signal(process, signal);
  return { ok: refusal === undefined, how: refusal ?? `${signal} was sent to process ${process.pid}` };
}

/** The process of a pid file, if it is among those that may be signalled; or what is wrong. */
function ofFile(pidFile: string, found: readonly NeighbourProcess[]): readonly NeighbourProcess[] | string {
  let text: string;
  try {
    text = readFileSync(pidFile, 'utf8').trim();
  } catch (error) {
    return `${pidFile} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
  }
  if (!/^\d{1,10}$/.test(text)) return `${pidFile} holds no process id`;
  return found.filter(({ pid }) => pid === Number(text));
}
