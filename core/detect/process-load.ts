/**
 * Decides from looks at a server's processes whether they use more than they should: a limit that is crossed in every look
 * for a while stands, and it is taken back when every look for as long lies well below it. It only ever warns.
 */
import { roughBytes } from '../domain/bytes';

/** What the processes of a server use, all together. */
export interface ProcessUse {
  readonly memoryBytes: number;
  /** CPU time since they started, ms. */
  readonly cpuMs: number;
  /** Of the process that is nearest to its limit; undefined: it cannot be seen. */
  readonly files?: { readonly open: number; readonly most: number };
}

export interface LoadLimits {
  readonly memoryBytes?: number;
  /** 1: one core, all the time. */
  readonly cpuCores?: number;
  /** Share of the files that a process may have open. */
  readonly filesShare?: number;
  readonly forMs: number;
}

export interface LoadState {
  readonly use: ProcessUse | undefined;
  readonly atMs: number;
  /** Cores in use on average between the last two looks. */
  readonly cpuCores: number | undefined;
  readonly memory: Spell;
  readonly cpu: Spell;
  readonly files: Spell;
  /** What is too much, in words; undefined: nothing is. */
  readonly reason: string | undefined;
}

/** How one limit stands, and since when it has looked otherwise in every look. */
interface Spell {
  readonly stands: boolean;
  readonly otherwiseSinceMs: number | undefined;
}

/** What is this far below a limit is well below it. */
const WELL_BELOW = 0.9;

const CALM: Spell = { stands: false, otherwiseSinceMs: undefined };

/** Where every new server process starts. */
export const NO_LOOK: LoadState = {
  ...{ use: undefined, atMs: 0, cpuCores: undefined, reason: undefined },
  ...{ memory: CALM, cpu: CALM, files: CALM },
};

/** Takes one look in. `atMs`: when it was taken, on any clock that does not jump. */
export function judgeLoad(state: LoadState, use: ProcessUse, atMs: number, limits: LoadLimits): LoadState {
  const cpuCores = coresBetween(state, use, atMs);
  const share = use.files && use.files.open / use.files.most;
  const next = (spell: Spell, value: number | undefined, limit: number | undefined): Spell =>
    value === undefined || limit === undefined ? spell : nextSpell(spell, value / limit, atMs, limits.forMs);
  const memory = next(state.memory, use.memoryBytes, limits.memoryBytes);
  const cpu = next(state.cpu, cpuCores, limits.cpuCores);
  const files = next(state.files, share, limits.filesShare);
  const reasons = [
    memory.stands && `${roughBytes(use.memoryBytes)} of memory, the limit is ${roughBytes(limits.memoryBytes ?? 0)}`,
    cpu.stands && `${(cpuCores ?? 0).toFixed(2)} cores of CPU, the limit is ${limits.cpuCores}`,
    files.stands && use.files && `${use.files.open} open files of ${use.files.most}`,
  ].filter(Boolean);
  const reason = reasons.length === 0 ? undefined : `its process uses ${reasons.join(', and ')}`;
  return { use, atMs, cpuCores, memory, cpu, files, reason };
}

function nextSpell({ stands, otherwiseSinceMs }: Spell, ofLimit: number, atMs: number, forMs: number): Spell {
  if (stands ? ofLimit >= WELL_BELOW : ofLimit <= 1) return { stands, otherwiseSinceMs: undefined };
  const sinceMs = otherwiseSinceMs ?? atMs;
  return atMs - sinceMs >= forMs
    ? { stands: !stands, otherwiseSinceMs: undefined }
    : { stands, otherwiseSinceMs: sinceMs };
}

/** Undefined after the first look, and when a process has taken its time with it. */
function coresBetween(
  { use: before, atMs: beforeMs }: LoadState,
  { cpuMs }: ProcessUse,
  atMs: number,
): number | undefined {
  if (before === undefined || atMs <= beforeMs || cpuMs < before.cpuMs) return undefined;
  return (cpuMs - before.cpuMs) / (atMs - beforeMs);
}
