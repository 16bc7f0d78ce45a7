/**
 * What notes of processes on disk have in common: a process id is believed only with the time of its start and of the
 * machine's, and a note that cannot be written or read is none.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { processWithId } from './neighbour-process';
import type { NeighbourProcess } from './ports';

/** The note's fields as it was written since the machine started; undefined: there is none. */
export function readNote(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const note = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;
    return note['boot'] === bootId() ? note : undefined;
  } catch {
    return undefined;
  }
}

/** Never leaves half a note. Where it cannot be written, the next run will not find it: no more is lost. */
export function writeNote(path: string, fields: object): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    writeFileSync(`${path}.new`, `${JSON.stringify({ boot: bootId(), ...fields })}\n`, { mode: 0o640 });
    renameSync(`${path}.new`, path);
  } catch {
    // The journal lies in the same folder, and says loudly that it cannot be written.
  }
}

/** Idempotent. */
export function removeNote(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A note of a process that is gone is not believed.
  }
}

/** The process that was noted, if it still runs. */
export function stillRuns(noted: unknown): NeighbourProcess | undefined {
  const { pid, startedAt } = (noted ?? {}) as Partial<NeighbourProcess>;
  const found = pid === undefined ? undefined : processWithId(pid);
  return found?.startedAt === startedAt ? found : undefined;
}

/** The times of processes count from the machine's start. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
