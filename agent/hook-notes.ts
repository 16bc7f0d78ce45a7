/**
 * A note of the programs that hooks of this agent are running, in the folder of its journal: when the agent alone is
 * killed, its next run ends them before it begins any, so that no attempt runs beside another. It never ends what an agent
 * runs that is still there.
 */
import { processWithId } from './neighbour-process';
import type { NeighbourProcess } from './ports';
import { readNote, removeNote, stillRuns, writeNote } from './process-note';
import { startedAs, StartMark } from './start-mark';

export class HookNotes {
  private readonly running = new Map<number, NeighbourProcess>();
  private starting: StartMark | null = null;

  /** @param path of the note; undefined: nothing is noted, and nothing found */
  constructor(private readonly path: string | undefined) {}

  /** Before a start. @returns what the new process must have in its environment */
  begins(): NodeJS.ProcessEnv {
    this.starting = new StartMark();
    this.write();
    return this.starting.environment;
  }

  /** @param pid undefined: it could not be started */
  begun(pid: number | undefined): void {
    this.starting = null;
    const found = pid === undefined ? undefined : processWithId(pid);
    if (found !== undefined) this.running.set(found.pid, found);
    this.write();
  }

  ended(pid: number): void {
    if (this.running.delete(pid)) this.write();
  }

  /** Kills what an earlier run left, each with its process group. @returns their process ids */
  endLeft(): readonly number[] {
    const note = this.path === undefined ? undefined : readNote(this.path);
    const { hooks, starting, agent } = note ?? {};
    if (!Array.isArray(hooks) || stillRuns(agent) !== undefined) return [];
    const left = [...hooks.map((hook: unknown) => stillRuns(hook)), startedAs(starting)];
    return left.flatMap((hook) => hook?.pid ?? []).filter((pid) => killGroup(pid));
  }

  private write(): void {
    if (this.path === undefined) return;
    const hooks = [...this.running.values()];
    const starting = this.starting?.value;
    if (hooks.length === 0 && starting === undefined) removeNote(this.path);
    else writeNote(this.path, { hooks, starting, agent: processWithId(process.pid) });
  }
}

function killGroup(pid: number): boolean {
  try {
    return process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
    return false;
  }
}
