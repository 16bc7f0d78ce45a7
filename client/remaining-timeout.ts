/**
 * The `grpc-timeout` header: at most eight digits and a unit (gRPC over HTTP/2, "Requests").
 */
const UNIT_MS: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3, m: 1, S: 1_000, M: 60_000, H: 3_600_000 };
const MOST = 99_999_999;

/**
 * What is left of a timeout after so many ms, at least 1 ms: whoever waits ends the call when its time is over.
 * @param timeout as on the wire, `1500m`; what cannot be read stays as it is
 */
export function remainingTimeout(timeout: string, goneMs: number): string {
  const [, digits = '', unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(timeout) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs === undefined) return timeout;
  const leftMs = Math.max(1, Math.ceil(Number(digits) * unitMs - goneMs));
  // A longer one loses no more than its unit is long.
  return leftMs <= MOST ? `${leftMs}m` : `${Math.max(1, Math.floor(leftMs / unitMs))}${unit}`;
}
