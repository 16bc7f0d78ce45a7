/**
 * Stands between somebody and Consul, hands every byte on, and tells the first line of each request. It changes nothing.
 */
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import type { Cleanup } from '../quickstart/cleanup';

const REQUEST_LINE = /(?:GET|PUT) \/v1\/\S* HTTP\/1\.1(?=\r\n)/g;

export class RequestRelay {
  private constructor(private readonly server: Server) {}

  /** @param onRequest gets `PUT /v1/agent/check/update/some-check HTTP/1.1` */
  static async start(targetPort: number, cleanup: Cleanup, onRequest: (line: string) => void): Promise<RequestRelay> {
    const server = createServer((near) => {
      const far = connect(targetPort, '127.0.0.1');
      near.on('data', (data) => data.toString('latin1').match(REQUEST_LINE)?.forEach(onRequest));
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanup.add(() => void server.close());
    return new RequestRelay(server);
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
}
