/**
 * What the process group of a server uses, by /proc (Linux; elsewhere nothing is known): a server is often a wrapper and its
 * workers. Memory that processes of a group share counts once for each. Processes of others are read once, not at each look.
 */
import type { ProcessUse } from '../core/detect/process-load';
import { openFiles, processIds, readOrNothing, statWords } from './proc-files';

/** /proc counts CPU time in hundredths of a second on every system that Node runs on (USER_HZ). */
const TICK_MS = 10;

type Files = NonNullable<ProcessUse['files']>;

export class ProcessUseReader {
  /** Seen at the last look, and of no group of ours. */
  private strangers: ReadonlySet<number> = new Set();

  /** @returns undefined: the process that leads the group is gone */
  read(pid: number): ProcessUse | undefined {
    const [state = 'X'] = statWords(pid);
    // One that has ended and was not yet asked for its exit code is gone.
    if ('ZXx'.includes(state)) return undefined;
    const ids = processIds();
    const group = ids.filter((id) => id === pid || !this.strangers.has(id)).flatMap((id) => memberOf(pid, id));
    const own = new Set(group.map(({ id }) => id));
    this.strangers = new Set(ids.filter((id) => !own.has(id)));
    const files = group.flatMap(({ id }) => filesOf(id)).sort((one, other) => shareOf(other) - shareOf(one))[0];
    return {
      memoryBytes: sum(group.map(({ id }) => residentBytes(id))),
      cpuMs: sum(group.map(({ cpuMs }) => cpuMs)),
      ...(files && { files }),
    };
  }
}

function memberOf(leader: number, id: number): readonly { readonly id: number; readonly cpuMs: number }[] {
  const words = statWords(id);
  // proc(5): the fifth field is the process group; 14 to 17 the CPU time of the process and of its children that have ended.
  return words[2] === String(leader) ? [{ id, cpuMs: sum(words.slice(11, 15).map(Number)) * TICK_MS }] : [];
}

function residentBytes(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readOrNothing(`/proc/${pid}/status`)) ?? [];
  return Number(kibibytes) * 1024;
}

function filesOf(pid: number): readonly Files[] {
  const open = openFiles(pid);
  const most = Number(/^Max open files\s+(\d+)/m.exec(readOrNothing(`/proc/${pid}/limits`))?.[1]);
  return open === undefined || !(most > 0) ? [] : [{ open, most }];
}

function shareOf({ open, most }: Files): number {
  return open / most;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
