/**
 * Knows which methods may be sent again. Denied unless the proto or the caller's configuration says otherwise.
 * grpc-js does not show a method's options to anything below the stub, so the definitions have to be handed in.
 */
import { status, type ServiceDefinition } from '@grpc/grpc-js';
import { mayBeRepeated, type IdempotencyLevel, type MethodLevel } from '../core/domain/idempotency';

/** CANCELLED from the wire is a server that was stopped by force; one that the caller asked for ends all attempts. */
export const REPEATED_STATUSES: readonly status[] = [status.UNAVAILABLE, status.CANCELLED];

/** What proto-loader adds to a method definition; generators that do not read options leave it out. */
interface MethodWithOptions {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly options?: { readonly idempotency_level?: IdempotencyLevel };
}

/** How a method's messages come. Of methods that nobody told us about, anything may be expected: `both-streams`. */
export type MethodShape = 'unary' | 'client-stream' | 'server-stream' | 'both-streams';

/** More than one message may come back. */
export function streamsAnswers(shape: MethodShape): boolean {
  return shape === 'server-stream' || shape === 'both-streams';
}

export class MethodSafety {
  private readonly levels = new Map<string, MethodLevel>();
  private readonly knownServices = new Set<string>();
  private readonly shapes = new Map<string, MethodShape>();
  /** What was found out already: this is asked for each attempt. */
  private readonly verdicts = new Map<string, boolean>();

  /** @throws TypeError for a stream that is said to be DEDUPLICATED */
  constructor(
    configured: Readonly<Record<string, MethodLevel>>,
    services: readonly ServiceDefinition[],
    private readonly onUnknownService: (service: string) => void,
  ) {
    for (const service of services) for (const method of Object.values(service)) this.learn(method);
    for (const [path, level] of Object.entries(configured)) {
      if (level === 'DEDUPLICATED' && (this.shapes.get(path) ?? 'unary') !== 'unary') {
        throw new TypeError(`methods.${path}: a stream cannot be DEDUPLICATED, only a unary call can`);
      }
      this.set(path, level);
    }
  }

  shapeOf(path: string): MethodShape {
    return this.shapes.get(path) ?? 'both-streams';
  }

  /** Its servers tell attempts of one call by the id that the call carries. */
  needsCallId(path: string): boolean {
    return this.levels.get(path) === 'DEDUPLICATED';
  }

  /** `path` as on the wire: `/calculator.v1.Calculator/Add`. Tells once of a service that nothing is known of. */
  mayBeRepeated(path: string): boolean {
    const known = this.verdicts.get(path);
    if (known !== undefined) return known;
    const service = serviceOf(path);
    if (!this.knownServices.has(service)) {
      this.knownServices.add(service);
      this.onUnknownService(service);
    }
    const verdict = mayBeRepeated(this.levels.get(path));
    this.verdicts.set(path, verdict);
    return verdict;
  }

  private learn(method: MethodWithOptions): void {
    this.shapes.set(method.path, shapeOf(method));
    this.set(method.path, method.options?.idempotency_level ?? 'IDEMPOTENCY_UNKNOWN');
  }

  private set(path: string, level: MethodLevel): void {
    this.levels.set(path, level);
    this.knownServices.add(serviceOf(path));
  }
}

function shapeOf({ requestStream, responseStream }: MethodWithOptions): MethodShape {
  if (responseStream) return requestStream ? 'both-streams' : 'server-stream';
  return requestStream ? 'client-stream' : 'unary';
}

function serviceOf(path: string): string {
  return path.split('/')[1] ?? '';
}
