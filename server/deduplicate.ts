import { Metadata, ServerInterceptingCall, ServerListenerBuilder, status } from '@grpc/grpc-js';
import type { MethodDefinition, ServerInterceptor, ServiceDefinition } from '@grpc/grpc-js';
import { CALL_ID_KEY, parseCallId, type CallId } from '../core/decide/call-id';
import type { Clock } from '../core/time/clock';
import { systemClock } from '../runtime/system-clock';
import type { Answer, DedupStore, WrittenMetadata } from './dedup-store';
import { Deduplicator, type Admission } from './deduplicator';
import { fingerprintOf } from './fingerprint';
import { MemoryDedupStore, type MemoryDedupOptions } from './memory-dedup-store';

export interface DeduplicateOptions extends Omit<MemoryDedupOptions, 'clock'> {
  /** Definitions of the services whose calls may carry ids. */
  readonly services: readonly ServiceDefinition[];
  /** Remembers the ids. Default: a MemoryDedupStore of `windowMs` and `maxEntries`. */
  readonly store?: DedupStore;
  /** Statuses with which the handlers prove that they changed nothing: not remembered, so a repetition tries anew. */
  readonly notExecuted?: readonly status[];
  readonly clock?: Clock;
}

type Method = MethodDefinition<unknown, unknown>;
type Call = ConstructorParameters<typeof ServerInterceptingCall>[0];
type PartialStatus = Parameters<Call['sendStatus']>[0];

/** grpc-js and every other gRPC library say so of repetitions (gRFC A6). */
const PREVIOUS_ATTEMPTS_KEY = 'grpc-previous-rpc-attempts';

/**
 * A server interceptor that executes a unary call with a call id (`understudy-call-id` in its metadata) at most once: a
 * duplicate waits for the one under way, or is answered as that was. Calls without an id are not touched. A call with an
 * id that cannot be kept track of (a stream, a method that is not in `services`) is refused, because its caller relies
 * on it. Put it last in `new Server({ interceptors })`, next to the handlers. docs/exactly-once.md says what it promises.
 */
export function deduplicate(options: DeduplicateOptions): ServerInterceptor {
  const {
    services,
    notExecuted = [],
    clock = systemClock(),
    store = new MemoryDedupStore({ ...options, clock }),
  } = options;
  const methods = new Map<string, Method>(
    services.flatMap((service) => Object.values(service).map((method): [string, Method] => [method.path, method])),
  );
  const deduplicator = new Deduplicator(store, clock);
  return ({ path }, call) => {
    const method = methods.get(path);
    return method === undefined || method.requestStream || method.responseStream
      ? refusingIds(call, path, method !== undefined)
      : new OnceCall(call, method, deduplicator, new Set(notExecuted));
  };
}

/** One attempt of one unary call. */
class OnceCall extends ServerInterceptingCall {
  /** Set once this attempt executes the call; until then, and without an id, everything passes through. */
  private executing: CallId | null = null;
  private headers = new Metadata();
  private response: unknown = null;

  constructor(
    private readonly wire: Call,
    private readonly method: Method,
    private readonly deduplicator: Deduplicator,
    private readonly notExecuted: ReadonlySet<status>,
  ) {
    const gone = new AbortController();
    let metadata = new Metadata();
    let request: unknown = undefined;
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((received, next) => {
        metadata = received;
        next(received);
      })
      .withOnReceiveMessage((received: unknown, next) => {
        request = received;
        next(received);
      })
      // The handler of a unary call begins here.
      .withOnReceiveHalfClose((next) => {
        const [text] = metadata.get(CALL_ID_KEY);
        if (text === undefined || request === undefined) next();
        else void this.admit(String(text), metadata, request, gone.signal, next);
      })
      .withOnCancel(() => gone.abort())
      .build();
    super(wire, { start: (next) => next(listener) });
  }

  override sendMetadata(metadata: Metadata): void {
    if (this.executing === null) super.sendMetadata(metadata);
    else this.headers = metadata;
  }

  override sendMessage(message: unknown, callback: () => void): void {
    if (this.executing === null) {
      super.sendMessage(message, callback);
      return;
    }
    this.response = message;
    // The handler's status follows at once, also when nobody listens any more.
    callback();
  }

  override sendStatus(end: PartialStatus): void {
    const id = this.executing;
    if (id === null) {
      super.sendStatus(end);
      return;
    }
    this.executing = null;
    void this.settle(id, end);
  }

  private async admit(
    text: string,
    metadata: Metadata,
    request: unknown,
    signal: AbortSignal,
    execute: () => void,
  ): Promise<void> {
    const id = parseCallId(text);
    if (id === null) {
      const details = `not executed: ${CALL_ID_KEY} must be Unix milliseconds, a dash and 16 to 64 letters and digits`;
      this.wire.sendStatus({ code: status.INVALID_ARGUMENT, details });
      return;
    }
    const fingerprint = fingerprintOf(this.method.path, request);
    const repeated = metadata.get(PREVIOUS_ATTEMPTS_KEY).length > 0;
    const admission = await this.deduplicator.admit({ id, fingerprint, repeated }, signal);
    if (admission.kind !== 'execute') {
      this.answer(admission);
      return;
    }
    if (signal.aborted) {
      // It would not reach the handler any more.
      await this.deduplicator.release(id);
      return;
    }
    this.executing = id;
    execute();
  }

  private answer(admission: Exclude<Admission, { kind: 'execute' }>): void {
    switch (admission.kind) {
      case 'replay':
        this.send(admission.answer, (message) => this.method.responseDeserialize(Buffer.from(message)));
        break;
      case 'refuse':
        this.wire.sendStatus({ code: status[admission.code], details: admission.details });
        break;
      case 'gone':
        break;
    }
  }

  /** The answer leaves when it is remembered: a caller that does not get it can ask again. */
  private async settle(id: CallId, end: PartialStatus): Promise<void> {
    const answer = this.answerOf(end);
    if (this.notExecuted.has(end.code)) await this.deduplicator.release(id);
    else await this.deduplicator.settle(id, answer);
    this.send(answer, () => this.response);
  }

  private answerOf({ code, details, metadata }: PartialStatus): Answer {
    const headers = writtenMetadata(this.headers);
    const trailers = writtenMetadata(metadata ?? new Metadata());
    if (code !== status.OK) return { code, details, message: null, headers, trailers };
    try {
      return { code, details, message: this.method.responseSerialize(this.response), headers, trailers };
    } catch {
      return { code: status.INTERNAL, details: 'Error serializing response', message: null, headers, trailers };
    }
  }

  private send(answer: Answer, responseOf: (message: Uint8Array) => unknown): void {
    const { code, details, message, headers, trailers } = answer;
    const end = (): void => this.wire.sendStatus({ code, details, metadata: readMetadata(trailers) });
    if (message === null) {
      end();
      return;
    }
    this.wire.sendMetadata(readMetadata(headers));
    this.wire.sendMessage(responseOf(message), end);
  }
}

function refusingIds(call: Call, path: string, isKnown: boolean): ServerInterceptingCall {
  const why = isKnown ? 'is a stream, and only unary calls can be deduplicated' : 'is not deduplicated by this server';
  const details = `not executed: it has a call id, but ${path} ${why}`;
  const listener = new ServerListenerBuilder()
    .withOnReceiveMetadata((metadata, next) => {
      if (metadata.get(CALL_ID_KEY).length === 0) next(metadata);
      else call.sendStatus({ code: status.UNIMPLEMENTED, details });
    })
    .build();
  return new ServerInterceptingCall(call, { start: (next) => next(listener) });
}

function writtenMetadata(metadata: Metadata): WrittenMetadata {
  return metadata.toHttp2Headers() as WrittenMetadata;
}

function readMetadata(written: WrittenMetadata): Metadata {
  return Metadata.fromHttp2Headers(written as Parameters<typeof Metadata.fromHttp2Headers>[0]);
}
