/**
 * The agent's own HTTP server, for the command line and for Prometheus. It answers whoever may ask: on a loopback address
 * everybody on the machine, elsewhere who brings the token; and never a web page, whatever address its browser believes in.
 * It translates; what an action means is decided by the agent.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';

export interface AdminAnswer {
  readonly status: number;
  /** An object is sent as JSON, a text as it is. */
  readonly body: unknown;
  readonly contentType?: string;
}

export interface AdminRequest {
  /** `GET /v1/incidents`. */
  readonly route: string;
  readonly query: URLSearchParams;
  /** What was posted; undefined for everything else. */
  readonly body: unknown;
}

export interface AdminOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly token: string | undefined;
  readonly answer: (request: AdminRequest) => Promise<AdminAnswer>;
}

/** The rows of all methods and instances that one caller tells of. */
const MOST_BODY = 131_072;
const HEADERS_MS = 5000;
const OPEN_TO_ALL = 'GET /v1/health';

export class AdminServer {
  private readonly server: Server;

  constructor(private readonly options: AdminOptions) {
    this.server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: HEADERS_MS }, (request, response) => {
      void this.serve(request, response);
    });
  }

  /** Rejects with the system's error when it cannot listen. @returns the port */
  start(): Promise<number> {
    const { host, port } = this.options;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /** Cuts every connection; idempotent. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.judged(request).catch((error: unknown): AdminAnswer => {
      const message = error instanceof Error ? error.message : String(error);
      return { status: 500, body: { error: message } };
    });
    const text = typeof answer.body === 'string' ? answer.body : `${JSON.stringify(answer.body)}\n`;
    response.writeHead(answer.status, {
      'content-type': answer.contentType ?? 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(text);
  }

  private async judged(request: IncomingMessage): Promise<AdminAnswer> {
    const url = new URL(request.url ?? '/', 'http://agent');
    const route = `${request.method ?? 'GET'} ${url.pathname}`;
    if (!isDirect(request)) return refusal(403, 'web pages are not answered');
    if (route !== OPEN_TO_ALL && !this.mayAsk(request)) return refusal(401, 'a bearer token is needed');
    if (request.method !== 'POST') return this.options.answer({ route, query: url.searchParams, body: undefined });
    if (!(request.headers['content-type'] ?? '').startsWith('application/json'))
      return refusal(415, 'the content type must be application/json');
    const text = await read(request);
    if (text === undefined) return refusal(413, `at most ${MOST_BODY} bytes are read`);
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return refusal(400, 'the body is no JSON');
    }
    return this.options.answer({ route, query: url.searchParams, body });
  }

  private mayAsk(request: IncomingMessage): boolean {
    const { token } = this.options;
    if (token === undefined) return true;
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    // Hashes have one length, so that the time of the comparison tells nothing.
    return timingSafeEqual(hash(given), hash(token));
  }
}

/** A browser sends an origin with what a page posts, and the page's own name as the host when that was pointed at us. */
function isDirect({ headers }: IncomingMessage): boolean {
  const host = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return headers.origin === undefined && (host === 'localhost' || isIP(host) !== 0);
}

function refusal(status: number, error: string): AdminAnswer {
  return { status, body: { error } };
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Undefined when it is too long. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MOST_BODY) return undefined;
  }
  return text;
}
