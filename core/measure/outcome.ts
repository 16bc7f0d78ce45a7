/**
 * Sorts gRPC status codes by whose fault they are (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
 * `failure`: the service did not do its work. `caller`: the caller asked for something wrong, or took the call back.
 */
export type Outcome = 'ok' | 'caller' | 'failure';

/** UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const FAILURES: ReadonlySet<number> = new Set([2, 4, 8, 10, 13, 14, 15]);

export function outcomeOf(statusCode: number): Outcome {
  if (statusCode === 0) return 'ok';
  return FAILURES.has(statusCode) ? 'failure' : 'caller';
}
