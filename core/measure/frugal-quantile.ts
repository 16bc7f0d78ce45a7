/**
 * A quantile that costs one number and no allocation: up by a good step when a sample is above it, down by a small one
 * when below, in such a ratio that it rests where the wanted share of samples lies below (stochastic approximation,
 * Robbins and Monro, 1951; the steps are shares of the value, so that it fits any scale).
 */
const STEP = 0.15;

/** @param share wanted share of the samples below the value, 0.98 */
export function frugalQuantile(before: number, sample: number, share: number): number {
  if (before === 0) return sample;
  return before * (sample > before ? 1 + STEP * share : 1 - STEP * (1 - share));
}
