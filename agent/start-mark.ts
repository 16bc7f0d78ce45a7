/**
 * A process id is known only after the start, and an agent may be killed in between. So what is about to be started is
 * noted by a mark first, and holds that mark in its environment (Linux, /proc), where the next run finds it.
 */
import { randomUUID } from 'node:crypto';
import { processesWithEnvironment } from './neighbour-process';
import type { NeighbourProcess } from './ports';

const NAME = 'UNDERSTUDY_STARTED_AS';

export class StartMark {
  readonly value = randomUUID();

  /** What the environment of the new process must hold. */
  get environment(): NodeJS.ProcessEnv {
    return { [NAME]: this.value };
  }
}

/** The process that was started with this mark, if it still runs. What it started in turn holds the mark too, but is younger. */
export function startedAs(mark: unknown): NeighbourProcess | undefined {
  if (typeof mark !== 'string') return undefined;
  const holders = processesWithEnvironment(NAME, mark);
  return holders.toSorted((one, other) => Number(one.startedAt) - Number(other.startedAt))[0];
}
