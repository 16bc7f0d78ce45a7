/** A ratio with its sample size and how far it can be trusted. */
export interface Ratio {
  readonly of: number;
  /** Null where nothing was counted: nothing measured is not zero. */
  readonly value: number | null;
  /** 95 % confidence interval; the whole of 0 to 1 where nothing was counted. */
  readonly low: number;
  readonly high: number;
}

/** 97.5 % quantile of the normal distribution: 95 % lie between its negative and it. */
const Z = 1.959964;

/**
 * Wilson's score interval (E. B. Wilson, Journal of the American Statistical Association 22, 1927): honest for small samples
 * and for ratios next to 0 and 1, where failures of good services are.
 * @param hits 0 to `of`
 */
export function ratioOf(hits: number, of: number): Ratio {
  if (of <= 0) return { of: 0, value: null, low: 0, high: 1 };
  const value = hits / of;
  const spread = Z * Math.sqrt((value * (1 - value)) / of + (Z * Z) / (4 * of * of));
  const centre = value + (Z * Z) / (2 * of);
  const scale = 1 + (Z * Z) / of;
  // At the ends rounding could leave a hair beyond them.
  const low = hits === 0 ? 0 : Math.max(0, (centre - spread) / scale);
  return { of, value, low, high: hits === of ? 1 : Math.min(1, (centre + spread) / scale) };
}
