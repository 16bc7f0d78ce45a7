/**
 * Asks a server over gRPC how it is (grpc.health.v1.Health/Check). It speaks gRPC on node:http2 itself and not through a
 * grpc-js channel: that keeps the socket of a peer which never sends SETTINGS, and a probe of a hung server would leak
 * one socket a check. Here the connection is kept while checks are answered and destroyed when one is not. Beside them it
 * follows Health/Watch, which is no judge: its news, and the end of the connection, only ask for a check.
 */
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { hostPort } from '../core/domain/instance';
import { readCallsTold } from '../core/measure/calls-told';
import type { Clock } from '../core/time/clock';
import { DeadlineError } from './deadline';
import { askHealth, MOST_MESSAGE_BYTES, servingStatus, splitMessages } from './health-message';
import { watchHealth } from './health-watch';
import type { Probe, ProbeNews, ProbeResult } from './ports';
import { took } from './tcp-probe';

export interface GrpcProbeOptions {
  readonly address: string;
  readonly port: number;
  /** Name asked for; empty: the server as a whole. */
  readonly service: string;
  /** What a server without a health service counts as: it does answer gRPC. */
  readonly onUnimplemented: 'pass' | 'fail';
  /** Follow Health/Watch too; left out, no. */
  readonly watch?: boolean;
}

/** What came back, as far as it came. */
interface Answer {
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
  body: Buffer;
  error: NodeJS.ErrnoException | undefined;
}

/** What was asked for on the current session, once; its stream may have ended long ago. */
interface Watching {
  readonly end: () => void;
  /** A check was answered while it was open. */
  besideChecks: boolean;
}

const OK: number = status.OK;
const NOT_FOUND: number = status.NOT_FOUND;
const UNIMPLEMENTED: number = status.UNIMPLEMENTED;

export class GrpcProbe implements Probe {
  private session: ClientHttp2Session | undefined;
  private lastError: NodeJS.ErrnoException | undefined;
  private watching: Watching | undefined;
  /** The server seems to have one thread for all its calls, and Watch keeps it. */
  private watchStarves = false;
  private tellNews: (news: ProbeNews) => void = () => undefined;

  constructor(
    private readonly options: GrpcProbeOptions,
    private readonly clock: Clock,
  ) {}

  async check(signal: AbortSignal): Promise<ProbeResult> {
    const startedMs = this.clock.nowMs();
    const session = this.usable() ?? this.open();
    const answer = await exchange(session, this.options.service, signal, () => this.drop(session, signal.reason));
    const time = took(this.clock, startedMs);
    const code = answer.headers['grpc-status'] ?? answer.trailers['grpc-status'];
    if (code !== undefined) {
      this.watchBeside(session, Number(code), answer);
      return this.judge(Number(code), answer, time);
    }
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

  onNews(listener: (news: ProbeNews) => void): void {
    this.tellNews = listener;
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
    session.once('goaway', () => this.lost(session));
    session.once('close', () => this.lost(session));
    this.session = session;
    return session;
  }

  /** Once for each session, and only where a health service has answered: a server that ends it is not asked again. */
  private watchBeside(session: ClientHttp2Session, code: number, { body }: Answer): void {
    if (this.session !== session) return;
    if (this.watching !== undefined) this.watching.besideChecks = true;
    else if (this.options.watch === true && !this.watchStarves && code !== UNIMPLEMENTED) {
      const known = code === OK ? (statusIn(body) ?? '') : 'SERVICE_UNKNOWN';
      const onNews = (): void => this.tellNews('said');
      const end = watchHealth(session, { service: this.options.service, known, onNews });
      this.watching = { end, besideChecks: false };
    }
  }

  /** Ended by the other side. */
  private lost(session: ClientHttp2Session): void {
    const isNews = this.session === session && this.watching !== undefined;
    this.forget(session);
    if (isNews) this.tellNews('lost');
  }

  private drop(session: ClientHttp2Session, reason?: unknown): void {
    if (this.session === session && reason instanceof DeadlineError && this.watching?.besideChecks === false)
      this.watchStarves = true;
    this.forget(session);
    session.destroy();
  }

  private forget(session: ClientHttp2Session): void {
    if (this.session === session) {
      // With a stream that never ends, neither would a polite server.
      this.watching?.end();
      this.watching = undefined;
      this.session = undefined;
    }
    if (!session.destroyed) session.close();
  }

  private judge(code: number, answer: Answer, time: string): ProbeResult {
    const about = this.options.service === '' ? '' : ` of "${this.options.service}"`;
    if (code === OK) {
      const said = statusIn(answer.body) ?? 'something that is no health answer';
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

/** One call on the session; resolves when its stream is closed, whatever closed it. `cut` ends the session. */
function exchange(session: ClientHttp2Session, service: string, signal: AbortSignal, cut: () => void): Promise<Answer> {
  return new Promise((resolve) => {
    const answer: Answer = { headers: {}, trailers: {}, body: Buffer.alloc(0), error: undefined };
    const stream = askHealth(session, 'Check', service);
    stream.on('response', (headers) => void (answer.headers = headers));
    stream.on('trailers', (trailers: IncomingHttpHeaders) => void (answer.trailers = trailers));
    stream.on('data', (chunk: Buffer) => {
      answer.body = Buffer.concat([answer.body, chunk]);
      if (answer.body.length > MOST_MESSAGE_BYTES) cut();
    });
    stream.on('error', (error: NodeJS.ErrnoException) => void (answer.error = error));
    stream.once('close', () => {
      signal.removeEventListener('abort', cut);
      resolve(answer);
    });
    // The end of the session ends a stream that has not even reached the server.
    signal.addEventListener('abort', cut, { once: true });
    if (signal.aborted) cut();
  });
}

function statusIn(body: Buffer): string | undefined {
  return servingStatus(splitMessages(body)?.messages[0]);
}

/** gRPC sends its messages percent-encoded; one that is not is shown as it came. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
