/**
 * A note of the server process that an agent started, in the folder of its journal: when the agent alone is killed, its
 * next run finds the server by it. A process id is believed only with the time of its start and of the machine's, and a
 * server is never taken from an agent that still runs.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { processWithId } from './neighbour-process';
import type { NeighbourProcess } from './ports';

export interface Noted {
  readonly server: NeighbourProcess;
  /** The agent that started it or took it up, while it runs. */
  readonly keeper: NeighbourProcess | undefined;
}

export class ServerNote {
  constructor(private readonly path: string) {}

  /** The server that is noted, if it still runs. */
  read(): Noted | undefined {
    const note = parsed(textOf(this.path));
    if (note?.boot !== bootId()) return undefined;
    const server = stillRuns(note.server);
    const keeper = stillRuns(note.agent);
    return server && { server, keeper: keeper?.pid === process.pid ? undefined : keeper };
  }

  /** This process looks after that server now. Where it cannot be noted, the next run will not find it: no more is lost. */
  write(pid: number | undefined): void {
    const server = pid === undefined ? undefined : processWithId(pid);
    const agent = processWithId(process.pid);
    if (server === undefined || agent === undefined) return;
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o750 });
      writeFileSync(`${this.path}.new`, `${JSON.stringify({ boot: bootId(), server, agent })}\n`, { mode: 0o640 });
      renameSync(`${this.path}.new`, this.path);
    } catch {
      // The journal lies in the same folder, and says loudly that it cannot be written.
    }
  }

  /** There is no server any more; idempotent. */
  remove(): void {
    try {
      rmSync(this.path, { force: true });
    } catch {
      // A note of a process that is gone is not believed.
    }
  }
}

interface Note {
  readonly boot: string;
  readonly server: NeighbourProcess;
  readonly agent: NeighbourProcess;
}

function parsed(text: string): Note | undefined {
  try {
    const { boot, server, agent } = JSON.parse(text) as Partial<Note>;
    return typeof boot === 'string' && isProcess(server) && isProcess(agent) ? { boot, server, agent } : undefined;
  } catch {
    return undefined;
  }
}

function isProcess(value: NeighbourProcess | undefined): value is NeighbourProcess {
  return Number.isInteger(value?.pid) && typeof value?.startedAt === 'string';
}

function stillRuns({ pid, startedAt }: NeighbourProcess): NeighbourProcess | undefined {
  const found = processWithId(pid);
  return found?.startedAt === startedAt ? found : undefined;
}

/** The times of processes count from the machine's start. */
function bootId(): string {
  return textOf('/proc/sys/kernel/random/boot_id').trim();
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
