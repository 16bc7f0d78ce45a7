/**
 * Finds processes by their command line among those that this process sees (Linux, /proc), and signals them. It never
 * finds this process, its parent, or process 1, which is an init or the whole container; and it never signals a process
 * id that has passed to another process.
 */
import type { NeighbourProcess, NeighbourProcesses } from './ports';
import { processIds, readOrNothing, statWords } from './proc-files';

/** Processes whose command line, its words joined by spaces, contains `match`. */
export function processesMatching(match: string): NeighbourProcesses {
  return {
    find: () =>
      otherProcesses()
        .filter((pid) => commandLine(pid).includes(match))
        .flatMap((pid) => living(pid)),
    isAlive: (process) => living(process.pid).some(({ startedAt }) => startedAt === process.startedAt),
    signal: (neighbour, name) => {
      if (!living(neighbour.pid).some(({ startedAt }) => startedAt === neighbour.startedAt)) return undefined;
      try {
        process.kill(neighbour.pid, name);
        return undefined;
      } catch (error) {
        const { code = String(error) } = error as NodeJS.ErrnoException;
        if (code === 'ESRCH') return undefined;
        const why = { EPERM: 'it belongs to another user' }[code] ?? code;
        return `process ${neighbour.pid} may not be signalled: ${why}`;
      }
    },
  };
}

/** The process that has this id now; undefined: none, or this is no Linux. */
export function processWithId(pid: number): NeighbourProcess | undefined {
  return living(pid)[0];
}

/** Processes that were started with this variable, as far as this process may see their environment. */
export function processesWithEnvironment(name: string, value: string): readonly NeighbourProcess[] {
  return otherProcesses()
    .filter((pid) => readOrNothing(`/proc/${pid}/environ`).split('\0').includes(`${name}=${value}`))
    .flatMap((pid) => living(pid));
}

function otherProcesses(): readonly number[] {
  const own = [process.pid, process.ppid, 1];
  return processIds().filter((pid) => !own.includes(pid));
}

function commandLine(pid: number): string {
  return readOrNothing(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();
}

/** The process that has this id now, or none. One that has ended and was not yet asked for its exit code is none. */
function living(pid: number): readonly NeighbourProcess[] {
  // proc(5): state is the third field, starttime the 22nd.
  const words = statWords(pid);
  const [state = 'X'] = words;
  const startedAt = words[19];
  return startedAt === undefined || 'ZXx'.includes(state) ? [] : [{ pid, startedAt }];
}
