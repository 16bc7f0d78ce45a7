/**
 * One HTTP request on a connection of its own, over TCP, TLS or a Unix socket, with a bounded answer. Nothing is kept open and
 * no redirect is followed: a signed request goes where it was meant to go, or nowhere.
 */
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface HttpExchange {
  readonly method: string;
  /** Given: the path of a Unix socket, and `url` has only a path that counts. */
  readonly socketPath?: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const MOST_ANSWER = 4000;

/** Rejects when there is no whole answer, or once the signal aborts; the message is the system's error code if there is one. */
export function exchange(options: HttpExchange, signal: AbortSignal): Promise<HttpAnswer> {
  const { method, socketPath, url, headers = {}, body = '' } = options;
  const settings: RequestOptions = {
    method,
    agent: false,
    signal,
    headers: { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
    ...(socketPath !== undefined && { socketPath, path: url.pathname + url.search }),
  };
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, fail) => {
    const reject = ({ code, message }: NodeJS.ErrnoException): void => fail(new Error(code ?? message));
    const sent = socketPath === undefined ? request(url, settings) : httpRequest(settings);
    sent.once('error', reject);
    sent.once('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(0, MOST_ANSWER)));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.end(body);
  });
}
