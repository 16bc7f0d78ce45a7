/**
 * Decides which part of its weight an endpoint gets while it is new or has just come back: caches are cold, code is not
 * compiled yet, and a full share of the calls could fell it again. It changes a weight and never takes anybody out.
 */

export interface SlowStartOptions {
  /** Length of the ramp, ms; 0 switches it off. */
  readonly windowMs: number;
  /** Shape of the ramp, greater than 0: 1 is a straight line, more rises faster at first, less rises later. */
  readonly aggression: number;
  /** Least part of the weight, 0 to 1. */
  readonly minShare: number;
}

/** The ramp is climbed in so many equal stretches of time: nobody notices finer ones. */
const STEPS = 20;

/**
 * Envoy's formula (architecture overview, "Slow start mode"):
 * weight * max(minShare, (time since start / window) ^ (1 / aggression)).
 * @param sinceMs time since the endpoint began to take calls, ms
 * @returns what to multiply the weight with, greater than 0 unless minShare is 0, at most 1
 */
export function slowStartFactor(sinceMs: number, { windowMs, aggression, minShare }: SlowStartOptions): number {
  if (sinceMs >= windowMs) return 1;
  return Math.max(minShare, (Math.max(0, sinceMs) / windowMs) ** (1 / aggression));
}

/** When the factor is worth asking for again, ms from now; null once the ramp is over. */
export function slowStartWakeMs(sinceMs: number, { windowMs }: SlowStartOptions): number | null {
  if (sinceMs >= windowMs) return null;
  const stepMs = windowMs / STEPS;
  return (Math.floor(Math.max(0, sinceMs) / stepMs) + 1) * stepMs - Math.max(0, sinceMs);
}
