/**
 * The one door to Consul's HTTP API. Every request has a time limit, can be aborted, and fails with a RegistryError that
 * holds no secret. It uses the `consul` package for addressing, encoding and connections, but through its generic
 * request: the typed methods know neither a blocking query's index nor service weights nor a check's update.
 */
import { EventEmitter } from 'node:events';
import type http from 'node:http';
import Consul from 'consul';
import type { Clock } from '../../core/time/clock';
import { RegistryError } from '../port';
import { noAnswerError, refusedError } from './consul-error';
import { isObject } from './consul-json';
import { consulSockets, type TlsFiles } from './consul-sockets';

export interface ConsulHttpOptions {
  /** Scheme, host, port and perhaps a path; without credentials. */
  readonly url: URL;
  readonly token?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly unrefSockets: boolean;
  /** Limit of every request that does not say another. */
  readonly timeoutMs: number;
}

export interface ConsulRequest {
  /** For messages: `beat of calculator-1`. */
  readonly operation: string;
  readonly method: 'GET' | 'PUT';
  /** Below /v1, with `{names}` for what stands in `params`. */
  readonly path: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly timeoutMs?: number;
  /** The answer's bytes as they came, instead of what they say. */
  readonly raw?: boolean;
  /** Statuses besides 2xx that the caller reads as an answer. */
  readonly expect?: readonly number[];
}

export interface ConsulAnswer {
  readonly status: number;
  /** X-Consul-Index as it came. */
  readonly index: string | undefined;
  /** Decoded JSON, or text; of a `raw` request a Buffer, undefined when it is empty. */
  readonly body: unknown;
}

type PapiResponse = http.IncomingMessage & { readonly body?: unknown };

/** What the `consul` package inherits from its HTTP layer, and does not declare. */
interface PapiClient {
  _request(options: {
    readonly method: string;
    readonly path: string;
    readonly params: Readonly<Record<string, string>>;
    readonly query: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly buffer: boolean;
    readonly ctx: EventEmitter;
  }): Promise<PapiResponse>;
}

const CLOSED = 'this registry object is closed';

export class ConsulHttp {
  /** `Consul at 127.0.0.1:8500` */
  readonly description: string;
  // Hard private, like everything that leads to the token: util.inspect does not show it.
  readonly #client: PapiClient;
  readonly #sockets: http.Agent;
  /** How to cancel each request that is under way. */
  readonly #running = new Set<() => void>();
  #closed = false;
  readonly #token: string | undefined;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor(options: ConsulHttpOptions, clock: Clock) {
    this.description = `Consul at ${options.url.host}`;
    this.#clock = clock;
    this.#token = options.token;
    this.#timeoutMs = options.timeoutMs;
    this.#sockets = consulSockets(options.url.protocol === 'https:' ? options.tls : undefined, options.unrefSockets);
    const settings = {
      baseUrl: `${options.url.origin}${options.url.pathname.replace(/\/+$/, '')}/v1`,
      agent: this.#sockets,
      headers: options.token === undefined ? {} : { 'x-consul-token': options.token },
    };
    this.#client = new Consul(settings) as unknown as PapiClient;
  }

  /** Rejects with a RegistryError, or with the signal's reason when the signal aborts. */
  async request(request: ConsulRequest, signal?: AbortSignal): Promise<ConsulAnswer> {
    signal?.throwIfAborted();
    if (this.isClosed()) throw this.#unavailable(request, CLOSED);
    const timeoutMs = request.timeoutMs ?? this.#timeoutMs;
    // Aborting goes through an emitter of the HTTP layer's own; its time limit would hold the process alive.
    const ctx = new EventEmitter();
    const cancel = (): void => void ctx.emit('cancel');
    const sentAtMs = this.#clock.nowMs();
    const stopTimer = this.#clock.after(timeoutMs, cancel);
    signal?.addEventListener('abort', cancel, { once: true });
    this.#running.add(cancel);
    try {
      return answerOf(await this.#client._request(wireRequest(request, ctx)));
    } catch (error) {
      signal?.throwIfAborted();
      if (this.isClosed()) throw this.#unavailable(request, CLOSED);
      const response = responseOf(error);
      if (response !== undefined) return this.#refused(request, response);
      if (this.#clock.nowMs() - sentAtMs >= timeoutMs) {
        throw this.#unavailable(request, `no answer within ${timeoutMs} ms`);
      }
      throw noAnswerError(this.description, request.operation, error);
    } finally {
      stopTimer();
      signal?.removeEventListener('abort', cancel);
      this.#running.delete(cancel);
    }
  }

  isClosed(): boolean {
    return this.#closed;
  }

  /** Ends every request and socket; idempotent. */
  close(): void {
    this.#closed = true;
    for (const cancel of [...this.#running]) cancel();
    this.#sockets.destroy();
  }

  #refused(request: ConsulRequest, response: PapiResponse): ConsulAnswer {
    const answer = answerOf(response);
    if (request.expect?.includes(answer.status) === true) return answer;
    const text = typeof answer.body === 'string' || Buffer.isBuffer(answer.body) ? String(answer.body) : '';
    throw refusedError(this.description, request.operation, { status: answer.status, text: this.#redact(text) });
  }

  #redact(text: string): string {
    return this.#token === undefined || this.#token === '' ? text : text.replaceAll(this.#token, '(token)');
  }

  #unavailable(request: ConsulRequest, what: string): RegistryError {
    return new RegistryError('unavailable', `${this.description}: ${request.operation}: ${what}`);
  }
}

function wireRequest(request: ConsulRequest, ctx: EventEmitter): Parameters<PapiClient['_request']>[0] {
  const query = Object.entries(request.query ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return {
    method: request.method,
    path: request.path,
    params: request.params ?? {},
    query: Object.fromEntries(query),
    ...(request.body !== undefined && { body: request.body }),
    buffer: request.raw === true,
    ctx,
  };
}

function answerOf(response: PapiResponse): ConsulAnswer {
  const index = response.headers['x-consul-index'];
  return {
    status: response.statusCode ?? 0,
    index: typeof index === 'string' ? index : undefined,
    body: response.body,
  };
}

function responseOf(error: unknown): PapiResponse | undefined {
  return isObject(error) && error['isResponse'] === true ? (error['response'] as PapiResponse) : undefined;
}
