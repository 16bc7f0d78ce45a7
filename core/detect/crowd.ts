/**
 * Decides whether a silent endpoint may be accused, by comparing it with the others. When everybody falls silent at
 * once it is more likely the judge, or his network, than all of them: then nobody is accused for a while, and the first
 * one to be heard again gives the others some time too.
 */

export interface CrowdOptions {
  /** After so long without a sign of life of anybody it no longer matters whose fault it is. */
  readonly patienceMs: number;
  /** After a common silence: so long after the first sign of life of another. */
  readonly graceMs: number;
}

/** What is remembered of one suspect while it is silent: until when it is not accused. */
export type Reprieve = { readonly untilMs: number } | null;

export interface CrowdVerdict {
  readonly accused: boolean;
  readonly reprieve: Reprieve;
  /** Ask again then; Infinity: only on news. */
  readonly wakeAtMs: number;
}

/**
 * @param askedMs when the heartbeat was sent that the suspect has not answered
 * @param othersLifeMs when each other connected endpoint gave its last sign of life
 */
export function accuse(
  reprieve: Reprieve,
  askedMs: number,
  othersLifeMs: readonly number[],
  nowMs: number,
  options: CrowdOptions,
): CrowdVerdict {
  const patientUntilMs = askedMs + options.patienceMs;
  const guilty: CrowdVerdict = { accused: true, reprieve, wakeAtMs: Infinity };
  if (nowMs >= patientUntilMs) return guilty;
  const othersSpoke = othersLifeMs.length === 0 || othersLifeMs.some((lifeMs) => lifeMs >= askedMs);
  if (!othersSpoke) return { accused: false, reprieve: { untilMs: Infinity }, wakeAtMs: patientUntilMs };
  if (reprieve === null) return guilty;
  const untilMs = Math.min(reprieve.untilMs, nowMs + options.graceMs);
  return nowMs >= untilMs ? guilty : { accused: false, reprieve: { untilMs }, wakeAtMs: untilMs };
}
