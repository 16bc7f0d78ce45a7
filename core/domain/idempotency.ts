/** The values of `google.protobuf.MethodOptions.IdempotencyLevel` (descriptor.proto). */
export type IdempotencyLevel = 'IDEMPOTENCY_UNKNOWN' | 'NO_SIDE_EFFECTS' | 'IDEMPOTENT';

/** A call may be sent again although a server may have executed it. Denied unless the method says otherwise. */
export function mayBeRepeated(level: IdempotencyLevel | undefined): boolean {
  return level === 'NO_SIDE_EFFECTS' || level === 'IDEMPOTENT';
}
