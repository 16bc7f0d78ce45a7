/**
 * Reads what Linux tells of processes under /proc. What cannot be read is nothing: the process ended meanwhile, it is
 * somebody else's, or this is another system.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';

/** Every process that this one can see, itself included. */
export function processIds(): readonly number[] {
  return readdirOrNothing('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The words of /proc/pid/stat from the third on, its state; empty: there is no such process. */
export function statWords(pid: number): readonly string[] {
  // proc(5): the second field is a name in parentheses and may hold anything.
  const stat = readOrNothing(`/proc/${pid}/stat`);
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

export function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Undefined: they may not be seen. */
export function openFiles(pid: number): number | undefined {
  try {
    // Since Linux 6.2 the size is their number; before, it is 0.
    return statSync(`/proc/${pid}/fd`).size || readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

function readdirOrNothing(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
