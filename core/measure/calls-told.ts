/**
 * How a server tells its agent, in the trailers of each health check's answer, which calls it has: plain whole numbers, so
 * that a server in any language can. It counts nothing, and believes nothing that is no count.
 */

/** Calls that were begun and have not ended. */
export const CALLS_IN_FLIGHT_KEY = 'understudy-calls-in-flight';
/** Calls begun since the server started. */
export const CALLS_BEGUN_KEY = 'understudy-calls-begun';

export interface CallsTold {
  readonly inFlight: number;
  readonly begun: number;
}

/** @returns undefined: the server tells nothing, or not both */
export function readCallsTold(trailers: Readonly<Record<string, unknown>>): CallsTold | undefined {
  const inFlight = count(trailers[CALLS_IN_FLIGHT_KEY]);
  const begun = count(trailers[CALLS_BEGUN_KEY]);
  return inFlight === undefined || begun === undefined ? undefined : { inFlight, begun };
}

function count(written: unknown): number | undefined {
  return typeof written === 'string' && /^\d{1,15}$/.test(written) ? Number(written) : undefined;
}
