/** Medians and quantiles of what was measured. They sort a copy, and know no unit. */

/** The smallest value that at least `share` (0 to 1) of all are not above; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return (lower + upper) / 2;
}

/**
 * Half of the 95 % confidence interval of their median, by their order alone: the binomial distribution of how many are
 * below it, in its normal approximation. NaN of nothing; half of the range of fewer than six.
 */
export function medianMargin(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const reach = 0.98 * Math.sqrt(sorted.length);
  const lower = sorted[Math.max(0, Math.floor(sorted.length / 2 - reach))] ?? NaN;
  const upper = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length / 2 + reach))] ?? NaN;
  return (upper - lower) / 2;
}

/**
 * The same of values that come in groups, each with a luck of its own: two standard errors of the groups' medians, where that
 * is more than their order alone says.
 */
export function marginOfGroups(groups: readonly (readonly number[])[]): number {
  const medians = groups.map(median);
  const mean = medians.reduce((sum, one) => sum + one, 0) / medians.length;
  const squares = medians.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / Math.max(1, medians.length - 1) / medians.length);
  return Math.max(2 * standardError, medianMargin(groups.flat()));
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
