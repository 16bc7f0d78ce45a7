/**
 * Decides whether a silent endpoint may be accused, by comparing it with the others. When everybody falls silent at
 * once it is more likely the judge, or his network, than all of them: then nobody is accused for a while.
 */

/**
 * @param askedMs when the heartbeat was sent that the suspect has not answered
 * @param othersLifeMs when each other connected endpoint gave its last sign of life
 * @param patienceMs after so long without a sign of life of anybody it no longer matters whose fault it is
 */
export function mayAccuse(
  askedMs: number,
  othersLifeMs: readonly number[],
  nowMs: number,
  patienceMs: number,
): boolean {
  if (othersLifeMs.length === 0) return true;
  return othersLifeMs.some((lifeMs) => lifeMs >= askedMs) || nowMs - askedMs >= patienceMs;
}
