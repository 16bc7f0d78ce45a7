/**
 * The `grpc-timeout` header: at most eight digits and a unit (gRPC over HTTP/2, "Requests").
 */
const UNIT_MS: Readonly<Record<string, number>> = { n: 1e-6, u: 1e-3, m: 1, S: 1_000, M: 60_000, H: 3_600_000 };
const MOST = 99_999_999;

/** @param timeout as on the wire, `1500m` @returns ms; Infinity where it cannot be read */
export function timeoutMs(timeout: string): number {
  const unitMs = UNIT_MS[timeout.slice(-1)];
  const amount = Number(timeout.slice(0, -1));
  return unitMs === undefined || Number.isNaN(amount) ? Infinity : amount * unitMs;
}

/**
 * What is left of a timeout after so many ms, at least 1 ms: whoever waits ends the call when its time is over.
 * @param timeout as on the wire, `1500m`; what cannot be read stays as it is
 */
export function remainingTimeout(timeout: string, goneMs: number): string {
  const wholeMs = timeoutMs(timeout);
  if (wholeMs === Infinity) return timeout;
  const leftMs = Math.max(1, Math.ceil(wholeMs - goneMs));
  if (leftMs <= MOST) return `${leftMs}m`;
  // A longer one loses no more than its unit is long.
  const unit = timeout.slice(-1);
  return `${Math.max(1, Math.floor(leftMs / (UNIT_MS[unit] ?? 1)))}${unit}`;
}
