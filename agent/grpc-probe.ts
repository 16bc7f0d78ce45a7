/**
 * Asks a server over gRPC how it is (grpc.health.v1.Health/Check). It speaks gRPC on node:http2 itself and not through a
 * grpc-js channel: that keeps the socket of a peer which never sends SETTINGS, and a probe of a hung server would leak
 * one socket a check. Here the connection is kept while checks are answered and destroyed when one is not.
 */
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { hostPort } from '../core/domain/instance';
import { readCallsTold } from '../core/measure/calls-told';
import type { Clock } from '../core/time/clock';
import type { Probe, ProbeResult } from './ports';
import { took } from './tcp-probe';

export interface GrpcProbeOptions {
  readonly address: string;
  readonly port: number;
  /** Name asked for; empty: the server as a whole. */
  readonly service: string;
  /** What a server without a health service counts as: it does answer gRPC. */
  readonly onUnimplemented: 'pass' | 'fail';
}

/** What came back, as far as it came. */
interface Answer {
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
  body: Buffer;
  error: NodeJS.ErrnoException | undefined;
}

// Length-prefixed messages: one byte of flags, four of length (gRPC over HTTP/2, "Length-Prefixed-Message").
const PREFIX_BYTES = 5;
const MOST_ANSWER_BYTES = 4096;

const OK: number = status.OK;
const NOT_FOUND: number = status.NOT_FOUND;
const UNIMPLEMENTED: number = status.UNIMPLEMENTED;

export class GrpcProbe implements Probe {
  private session: ClientHttp2Session | undefined;
  private lastError: NodeJS.ErrnoException | undefined;

  constructor(
    private readonly options: GrpcProbeOptions,
    private readonly clock: Clock,
  ) {}

  async check(signal: AbortSignal): Promise<ProbeResult> {
    const startedMs = this.clock.nowMs();
    const session = this.usable() ?? this.open();
    const answer = await exchange(session, this.options.service, signal);
    const time = took(this.clock, startedMs);
    const code = answer.headers['grpc-status'] ?? answer.trailers['grpc-status'];
    if (code !== undefined) return this.judge(Number(code), answer, time);
    this.drop(session);
    if (signal.aborted) return { outcome: 'silent', reason: `check was cut short (${time})` };
    const httpStatus = answer.headers[constants.HTTP2_HEADER_STATUS];
    if (httpStatus !== undefined)
      return { outcome: 'answered-no', reason: `it answers HTTP ${String(httpStatus)} and no gRPC (${time})` };
    const error = this.lastError ?? answer.error;
    const silent = error?.code === 'ETIMEDOUT';
    return {
      outcome: silent ? 'silent' : 'refused',
      reason: `cannot reach it: ${error?.code ?? 'the connection was closed'} (${time})`,
    };
  }

  reset(): void {
    if (this.session !== undefined) this.drop(this.session);
  }

  close(): void {
    this.reset();
  }

  private usable(): ClientHttp2Session | undefined {
    return this.session?.closed === false && !this.session.destroyed ? this.session : undefined;
  }

  private open(): ClientHttp2Session {
    this.lastError = undefined;
    const session = connect(`http://${hostPort(this.options)}`);
    session.on('error', (error: NodeJS.ErrnoException) => (this.lastError = error));
    // A server that goes away politely takes no new calls on this connection.
    session.once('goaway', () => this.forget(session));
    session.once('close', () => this.forget(session));
    this.session = session;
    return session;
  }

  private drop(session: ClientHttp2Session): void {
    session.destroy();
    this.forget(session);
  }

  private forget(session: ClientHttp2Session): void {
    if (this.session === session) this.session = undefined;
    if (!session.destroyed) session.close();
  }

  private judge(code: number, answer: Answer, time: string): ProbeResult {
    const about = this.options.service === '' ? '' : ` of "${this.options.service}"`;
    if (code === OK) {
      const said = servingStatus(answer.body);
      const told = readCallsTold(answer.trailers);
      const calls = told && { calls: told };
      if (said === 'SERVING') return { outcome: 'pass', reason: `SERVING in ${time}`, ...calls };
      return { outcome: 'answered-no', reason: `server says ${said}${about} (${time})`, ...calls };
    }
    if (code === UNIMPLEMENTED) {
      const outcome = this.options.onUnimplemented === 'pass' ? 'pass' : 'answered-no';
      return { outcome, reason: `it answers gRPC but has no health service (${time})` };
    }
    const message = percentDecoded(String(answer.headers['grpc-message'] ?? answer.trailers['grpc-message'] ?? ''));
    const what = code === NOT_FOUND ? `its health service knows nothing${about}` : `${status[code] ?? code} ${message}`;
    return { outcome: 'answered-no', reason: `health check failed: ${what.trim()} (${time})` };
  }
}

/** One call on the session; resolves when its stream is closed, whatever closed it. */
function exchange(session: ClientHttp2Session, service: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const { method, request } = checkRequest(service);
    const answer: Answer = { headers: {}, trailers: {}, body: Buffer.alloc(0), error: undefined };
    const stream = session.request({
      ':method': 'POST',
      ':path': method,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    // Destroying the session ends a stream that has not even reached the server.
    const onAbort = (): void => session.destroy();
    stream.on('response', (headers) => void (answer.headers = headers));
    stream.on('trailers', (trailers: IncomingHttpHeaders) => void (answer.trailers = trailers));
    stream.on('data', (chunk: Buffer) => {
      answer.body = Buffer.concat([answer.body, chunk]);
      if (answer.body.length > MOST_ANSWER_BYTES) session.destroy();
    });
    stream.on('error', (error: NodeJS.ErrnoException) => void (answer.error = error));
    stream.once('close', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    stream.end(request);
  });
}

function checkRequest(service: string): { readonly method: string; readonly request: Buffer } {
  const message = healthService['Check']?.requestSerialize({ service }) ?? Buffer.alloc(0);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return { method: '/grpc.health.v1.Health/Check', request: Buffer.concat([prefix, message]) };
}

function servingStatus(body: Buffer): string {
  try {
    const answer = healthService['Check']?.responseDeserialize(body.subarray(PREFIX_BYTES)) as
      { status?: unknown } | undefined;
    return String(answer?.status);
  } catch {
    return 'something that is no health answer';
  }
}

/** gRPC sends its messages percent-encoded; one that is not is shown as it came. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
