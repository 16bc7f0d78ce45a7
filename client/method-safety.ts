/**
 * Knows which methods may be sent again. Denied unless the proto or the caller's configuration says otherwise.
 */
import type { ServiceDefinition } from '@grpc/grpc-js';
import { mayBeRepeated, type IdempotencyLevel } from '../core/domain/idempotency';

/** What proto-loader adds to a method definition; generators that do not read options leave it out. */
interface MethodWithOptions {
  readonly path: string;
  readonly options?: { readonly idempotency_level?: IdempotencyLevel };
}

export class MethodSafety {
  private readonly learned = new Map<string, IdempotencyLevel>();

  constructor(private readonly configured: Readonly<Record<string, IdempotencyLevel>>) {}

  /** Remembers what the proto says of one method. Cheap enough for every call. */
  learn(method: MethodWithOptions): void {
    if (this.learned.has(method.path)) return;
    this.learned.set(method.path, method.options?.idempotency_level ?? 'IDEMPOTENCY_UNKNOWN');
  }

  learnService(service: ServiceDefinition): void {
    for (const method of Object.values(service)) this.learn(method);
  }

  /** `path` as on the wire: `/calculator.v1.Calculator/Add`. */
  mayBeRepeated(path: string): boolean {
    return mayBeRepeated(this.configured[path] ?? this.learned.get(path));
  }
}
