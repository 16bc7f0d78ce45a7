/**
 * Decides the weight of an endpoint by the load that its server reports: how many calls it would bear if it were fully
 * used (gRFC A58, client-side weighted round robin). Reports that are too few, too old or too faint do not count, and
 * the catalog's weight stands in. It never takes anybody out: the weight of a busy server is small, not zero.
 */

/** One report of one server (ORCA, gRFC A51). */
export interface LoadReport {
  /** Calls per second, whatever their end. */
  readonly qps: number;
  /** Failed calls per second. */
  readonly eps: number;
  /** The used part of what is scarce: `application_utilization`, or `cpu_utilization` where that is not given. */
  readonly utilization: number;
}

export interface LoadWeightOptions {
  /** How much one failed call among all counts as utilization (A58: 1). 0: failures do not matter. */
  readonly errorPenalty: number;
  /** After the first report, and the first after silence, nothing is believed for this long, ms (A58: 10 s). */
  readonly blackoutMs: number;
  /** A report that is older than this does not count, ms (A58: 3 min). */
  readonly expiryMs: number;
  /** What a server that is all but idle says of its capacity is noise: reports below this are not believed. A58: 0. */
  readonly minUtilization: number;
}

export const DEFAULT_LOAD_WEIGHT: LoadWeightOptions = {
  errorPenalty: 1,
  blackoutMs: 10_000,
  expiryMs: 180_000,
  minUtilization: 0.05,
};

/** What is remembered of one endpoint's reports. */
export interface LoadWeightState {
  readonly weight: number;
  /** When the reports began, or began anew after a silence; ms of the clock. */
  readonly sinceMs: number;
  readonly lastMs: number;
}

/** qps / (utilization + eps / qps * penalty), or null where the report does not tell. */
export function weightOfReport({ qps, eps, utilization }: LoadReport, options: LoadWeightOptions): number | null {
  if (!(qps > 0) || !(utilization > 0) || utilization < options.minUtilization) return null;
  const weight = qps / (utilization + (Math.max(0, eps) / qps) * options.errorPenalty);
  return Number.isFinite(weight) && weight > 0 ? weight : null;
}

/** Takes one report. A connection that is made anew begins with `null` again: it may lead to another process. */
export function takeReport(
  state: LoadWeightState | null,
  report: LoadReport,
  nowMs: number,
  options: LoadWeightOptions,
): LoadWeightState | null {
  const weight = weightOfReport(report, options);
  if (weight === null) return state;
  const goesOn = state !== null && nowMs - state.lastMs < options.expiryMs;
  return { weight, sinceMs: goesOn ? state.sinceMs : nowMs, lastMs: nowMs };
}

/** The weight to be believed now, or null: none yet, still in the blackout, or too old. */
export function loadWeightAt(state: LoadWeightState | null, nowMs: number, options: LoadWeightOptions): number | null {
  if (state === null || nowMs - state.lastMs >= options.expiryMs) return null;
  return nowMs - state.sinceMs < options.blackoutMs ? null : state.weight;
}

export interface WeighedEndpoint {
  /** As the catalog says; greater than 0. */
  readonly fixed: number;
  /** As its load says, or null. */
  readonly load: number | null;
}

/**
 * The weights of one pool on one scale. With fewer than two loads known there is nothing to compare, and all keep the
 * catalog's weights. Otherwise one whose load is not known gets what its catalog weight is worth among the known ones;
 * with equal catalog weights that is their mean, as A58 says.
 */
export function poolWeights(pool: readonly WeighedEndpoint[]): readonly number[] {
  const known = pool.filter(({ load }) => load !== null);
  if (known.length < 2) return pool.map(({ fixed }) => fixed);
  const loads = known.reduce((sum, { load }) => sum + (load ?? 0), 0);
  const fixed = known.reduce((sum, one) => sum + one.fixed, 0);
  return pool.map((one) => one.load ?? (one.fixed * loads) / fixed);
}
