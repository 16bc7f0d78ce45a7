/**
 * Chooses the next endpoint of one call. An endpoint that this call has already tried is taken only when there is no
 * other: a repetition goes elsewhere.
 */

/** `pool`: those of the active tier that may take calls. `reserve`: the rest, best tier first, for repetitions only. */
export interface Choices<T> {
  readonly pool: readonly T[];
  readonly reserve: readonly T[];
}

/**
 * The endpoint at `start`, or the next one in the pool that was not tried, or the best of the reserve.
 * @param start a place in the pool, as the policy chose it; larger numbers go round
 * @param tried what this call tried before, in any order
 * @returns null only when pool and reserve are empty
 */
export function choose<T>(choices: Choices<T>, start: number, tried: readonly unknown[]): T | null {
  const { pool, reserve } = choices;
  const first = pool[start % Math.max(1, pool.length)];
  if (tried.length === 0 && first !== undefined) return first;
  for (let step = 0; step < pool.length; step += 1) {
    const candidate = pool[(start + step) % pool.length];
    if (candidate !== undefined && !tried.includes(candidate)) return candidate;
  }
  return reserve.find((candidate) => !tried.includes(candidate)) ?? first ?? reserve[0] ?? null;
}
