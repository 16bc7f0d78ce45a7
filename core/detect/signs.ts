/**
 * Remembers since when signs speak against an endpoint: failed, outrun and doubted attempts. One that nothing followed for
 * a while led to nothing, so an old failure does not make a later death look slow.
 */
export interface Signs {
  readonly firstMs: number;
  readonly lastMs: number;
}

const FORGOTTEN_MS = 10_000;

export function addSign(signs: Signs | null, atMs: number): Signs {
  if (signs === null || atMs - signs.lastMs > FORGOTTEN_MS) return { firstMs: atMs, lastMs: atMs };
  return { firstMs: Math.min(signs.firstMs, atMs), lastMs: Math.max(signs.lastMs, atMs) };
}

/** Null: none that counts at this moment. */
export function firstSignMs(signs: Signs | null, nowMs: number): number | null {
  return signs === null || nowMs - signs.lastMs > FORGOTTEN_MS ? null : signs.firstMs;
}
