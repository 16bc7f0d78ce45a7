/**
 * A note of the server process that an agent started, in the folder of its journal: when the agent alone is killed, its
 * next run finds the server by it. A server is never taken from an agent that still runs.
 */
import { processWithId } from './neighbour-process';
import type { NeighbourProcess } from './ports';
import { readNote, removeNote, stillRuns, writeNote } from './process-note';
import { startedAs, StartMark } from './start-mark';

export interface Noted {
  readonly server: NeighbourProcess;
  /** The agent that started it or took it up, while it runs. */
  readonly keeper: NeighbourProcess | undefined;
}

export class ServerNote {
  constructor(private readonly path: string) {}

  /** The server that is noted, if it still runs. */
  read(): Noted | undefined {
    const note = readNote(this.path);
    const server = stillRuns(note?.['server']) ?? startedAs(note?.['starting']);
    const keeper = stillRuns(note?.['agent']);
    return server && { server, keeper: keeper?.pid === process.pid ? undefined : keeper };
  }

  /** Before a start. @returns what the server must have in its environment */
  begins(): NodeJS.ProcessEnv {
    const { value, environment } = new StartMark();
    writeNote(this.path, { starting: value, agent: processWithId(process.pid) });
    return environment;
  }

  /** This process looks after that server now. */
  write(pid: number | undefined): void {
    const server = pid === undefined ? undefined : processWithId(pid);
    const agent = processWithId(process.pid);
    if (server !== undefined && agent !== undefined) writeNote(this.path, { server, agent });
  }

  /** There is no server any more; idempotent. */
  remove(): void {
    removeNote(this.path);
  }
}
