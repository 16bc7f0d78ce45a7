/**
 * A launcher that outlives its agent: what it starts is noted, and the next run takes up a server that is still there. A
 * server that was taken up is no child of this process, so its end is seen by looking, and its exit code by nobody.
 */
import type { Clock } from '../core/time/clock';
import { processWithId } from './neighbour-process';
import type { NeighbourProcess, ServerExit, ServerLauncher, ServerProcess } from './ports';
import type { ServerNote } from './server-note';

const LOOK_EVERY_MS = 100;

export function notedLauncher(launcher: ServerLauncher, note: ServerNote, clock: Clock): ServerLauncher {
  return {
    launch: (onExit) => {
      const forget = (exit: ServerExit): void => {
        note.remove();
        onExit(exit);
      };
      const server = launcher.launch(forget, note.begins());
      note.write(server.pid);
      return server;
    },
    takeUp: (onExit) => {
      const noted = note.read();
      if (noted === undefined || noted.keeper !== undefined) return undefined;
      note.write(noted.server.pid);
      return followed(noted.server, clock, (exit) => {
        note.remove();
        onExit(exit);
      });
    },
  };
}

/** It leads a process group, as everything does that an agent starts. */
function followed(server: NeighbourProcess, clock: Clock, onExit: (exit: ServerExit) => void): ServerProcess {
  const { pid, startedAt } = server;
  const runs = (): boolean => processWithId(pid)?.startedAt === startedAt;
  const signal = (name: NodeJS.Signals): boolean => runs() && signalGroup(pid, name);
  const killGroup = (): void => void signal('SIGKILL');
  process.once('exit', killGroup);
  const look = (): void => {
    if (runs()) {
      clock.after(LOOK_EVERY_MS, look);
      return;
    }
    process.removeListener('exit', killGroup);
    // What is left of its group keeps its id from others; a new process of that id leads a group of its own.
    if (processWithId(pid) === undefined) signalGroup(pid, 'SIGKILL');
    onExit({ how: 'how is not known, because an earlier run of this agent started it' });
  };
  clock.after(LOOK_EVERY_MS, look);
  return { pid, signal };
}

function signalGroup(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, name);
  } catch {
    // Nobody is left.
    return false;
  }
}
