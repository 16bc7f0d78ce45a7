/** The values of `google.protobuf.MethodOptions.IdempotencyLevel` (descriptor.proto). */
export type IdempotencyLevel = 'IDEMPOTENCY_UNKNOWN' | 'NO_SIDE_EFFECTS' | 'IDEMPOTENT';

/**
 * What a caller may say of a method: also that the servers remember its call ids in a store that they share, so that a
 * repetition is not executed twice (docs/exactly-once.md).
 */
export type MethodLevel = IdempotencyLevel | 'DEDUPLICATED';

/** A call may be sent again although a server may have executed it. Denied unless the method says otherwise. */
export function mayBeRepeated(level: MethodLevel | undefined): boolean {
  return level === 'NO_SIDE_EFFECTS' || level === 'IDEMPOTENT' || level === 'DEDUPLICATED';
}
