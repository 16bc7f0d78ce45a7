/**
 * A note of the programs that hooks of this agent are running, in the folder of its journal: when the agent alone is
 * killed, its next run ends them before it begins any, so that no attempt runs beside another. It never ends what an agent
 * runs that is still there.
 */
import { processWithId } from './neighbour-process';
import type { NeighbourProcess } from './ports';
import { readNote, removeNote, stillRuns, writeNote } from './process-note';

export class HookNotes {
  private readonly running = new Map<number, NeighbourProcess>();

  /** @param path of the note; undefined: nothing is noted, and nothing found */
  constructor(private readonly path: string | undefined) {}

  begun(pid: number): void {
    const found = processWithId(pid);
    if (found === undefined) return;
    this.running.set(pid, found);
    this.write();
  }

  ended(pid: number): void {
    if (this.running.delete(pid)) this.write();
  }

  /** Kills what an earlier run left, each with its process group. @returns their process ids */
  endLeft(): readonly number[] {
    const note = this.path === undefined ? undefined : readNote(this.path);
    const { hooks, agent } = note ?? {};
    if (!Array.isArray(hooks) || stillRuns(agent) !== undefined) return [];
    const left = hooks.flatMap((hook: unknown) => stillRuns(hook) ?? []).map(({ pid }) => pid);
    return left.filter((pid) => killGroup(pid));
  }

  private write(): void {
    if (this.path === undefined) return;
    const hooks = [...this.running.values()];
    if (hooks.length === 0) removeNote(this.path);
    else writeNote(this.path, { hooks, agent: processWithId(process.pid) });
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
