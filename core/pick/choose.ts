/**
 * Chooses the next endpoint of one call. An endpoint that this call has already tried is taken only when there is no
 * other: a repetition goes elsewhere.
 */

/** `pool`: the active tier's share of the work, in turn. `reserve`: the rest, best tier first, for repetitions only. */
export interface Choices<T> {
  readonly pool: readonly T[];
  readonly reserve: readonly T[];
}

/**
 * Round robin over the pool.
 * @param turn the how-manieth pick this is; consecutive numbers go round the pool
 * @param tried what this call tried before, in any order
 * @returns null only when pool and reserve are empty
 */
export function chooseRoundRobin<T>(choices: Choices<T>, turn: number, tried: readonly T[]): T | null {
  const { pool, reserve } = choices;
  const first = pool[turn % Math.max(1, pool.length)];
  if (tried.length === 0 && first !== undefined) return first;
  for (let step = 0; step < pool.length; step += 1) {
    const candidate = pool[(turn + step) % pool.length];
    if (candidate !== undefined && !tried.includes(candidate)) return candidate;
  }
  return reserve.find((candidate) => !tried.includes(candidate)) ?? first ?? reserve[0] ?? null;
}
