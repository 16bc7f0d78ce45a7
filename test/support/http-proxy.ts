/**
 * Stands between a program and a real HTTP server: counts the requests, and spoils answers in the ways that networks and
 * proxies do. What it passes on is always the real server's answer.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export class HttpProxy {
  /** Paths with their queries, in order. */
  readonly requests: string[] = [];
  /** What becomes of the headers of each answer. */
  tamper: (headers: http.IncomingHttpHeaders) => http.IncomingHttpHeaders = (headers) => headers;
  /** Send the headers and half of the body, then break the connection. */
  cutBodies = false;
  /** Hold every answer back for so long, ms. */
  delayMs = 0;
  /** Answer this at once, and ask nobody. */
  instead: { readonly status: number; readonly body: string } | null = null;

  private constructor(
    private readonly server: http.Server,
    private readonly agent: http.Agent,
  ) {}

  /** @param target `host:port` of the real server */
  static async start(target: string): Promise<HttpProxy> {
    const agent = new http.Agent({ keepAlive: true });
    const server = http.createServer((request, response) => {
      proxy.requests.push(request.url ?? '');
      if (proxy.instead !== null) {
        response.writeHead(proxy.instead.status, { 'content-type': 'application/json', 'x-consul-index': '7' });
        response.end(proxy.instead.body);
        return;
      }
      const onward = http.request(
        { agent, host: target.split(':')[0], port: target.split(':')[1], method: request.method, path: request.url },
        (answer) => {
          const held = setTimeout(() => proxy.passOn(answer, response), proxy.delayMs);
          response.on('close', () => clearTimeout(held));
        },
      );
      for (const [name, value] of Object.entries(request.headers))
        if (value !== undefined) onward.setHeader(name, value);
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      request.pipe(onward);
    });
    const proxy = new HttpProxy(server, agent);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** Connections that are open now. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How many requests there were to paths that begin so. */
  count(path: string): number {
    return this.requests.filter((request) => request.startsWith(path)).length;
  }

  /** Breaks all connections, so that everybody asks again. */
  breakConnections(): void {
    this.server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private passOn(answer: http.IncomingMessage, response: http.ServerResponse): void {
    response.writeHead(answer.statusCode ?? 502, this.tamper(answer.headers));
    if (!this.cutBodies) {
      answer.pipe(response);
      return;
    }
    answer.resume();
    response.flushHeaders();
    response.write('[{', () => response.destroy());
  }
}
