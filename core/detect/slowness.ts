/**
 * Decides whether a server answers its probes much more slowly than it used to: the median of its last answers against the
 * geometric mean of those before them. So one late answer is no news, nor is a server that was always slow; and below a
 * floor nothing is. It only ever warns, and its caller leaves out answers that may be late for another reason.
 */
export interface SlownessOptions {
  /** So many times as long as usual … */
  readonly factor: number;
  /** … and at least so long is slow. */
  readonly floorMs: number;
}

export interface SlownessState {
  /** Newest last; what leaves it becomes the past. */
  readonly recent: readonly number[];
  /** Answers that make up the past, and the mean of their logarithms. */
  readonly learned: number;
  readonly usualLn: number;
  readonly lastMs: number;
  readonly slow: boolean;
  /** While slow: so many medians in a row were good. */
  readonly calm: number;
  /** What is wrong, in words; undefined: nothing is. */
  readonly reason: string | undefined;
}

/** Six late answers of eleven make it slow: with one answer in twenty late by chance, that is one window in 100,000. */
const RECENT = 11;
/** It has no past before so many answers. */
const LEARN = 10;
/** It is slow until so many medians in a row lie nearer to the usual than to what is slow. */
const CALM = 10;
/** How fast the past is forgotten: a server that is slow for good is so by its own measure after an hour or two … */
const MEMORY_MS = 3_600_000;
/** … but never by a few answers that lie hours apart. */
const MOST_WEIGHT = 0.05;
/** Differences below are the machine's. */
const FINEST_MS = 0.1;

/** Where every new server process starts. */
export const NO_ANSWERS: SlownessState = {
  ...{ recent: [], learned: 0, usualLn: 0, lastMs: 0 },
  ...{ slow: false, calm: 0, reason: undefined },
};

/** Takes one answer in. @param nowMs on any clock that does not jump */
export function judgeSlowness(
  state: SlownessState,
  tookMs: number,
  nowMs: number,
  { factor, floorMs }: SlownessOptions,
): SlownessState {
  const past = learn(state, nowMs);
  const recent = [...state.recent, tookMs].slice(-RECENT);
  const now = { ...past, recent, lastMs: nowMs };
  if (past.learned < LEARN) return { ...now, slow: false, calm: 0, reason: undefined };
  const usualMs = Math.exp(past.usualLn);
  const slowMs = Math.max(floorMs, factor * usualMs);
  const takesMs = median(recent);
  const calm = state.slow && takesMs < (slowMs + usualMs) / 2 ? state.calm + 1 : 0;
  const slow = state.slow ? calm < CALM : takesMs >= slowMs;
  return { ...now, slow, calm, reason: slow ? `answers take ${rough(takesMs)}, usually ${rough(usualMs)}` : undefined };
}

/** The oldest of the recent answers becomes the past: what happens now is never measured by itself. */
function learn(
  { recent, learned, usualLn, lastMs, slow }: SlownessState,
  nowMs: number,
): Pick<SlownessState, 'learned' | 'usualLn'> {
  const [oldest] = recent;
  if (oldest === undefined || recent.length < RECENT) return { learned, usualLn };
  const byTime = Math.min(MOST_WEIGHT, 1 - Math.exp(-Math.max(0, nowMs - lastMs) / MEMORY_MS));
  // A plain mean at first, so that a slow start does not stay; a server that is slow now is not learned from so quickly.
  const weight = slow ? byTime : Math.max(byTime, 1 / (learned + 1));
  const ln = Math.log(Math.max(FINEST_MS, oldest));
  return { learned: learned + 1, usualLn: usualLn + weight * (ln - usualLn) };
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;
}

function rough(ms: number): string {
  return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
}
