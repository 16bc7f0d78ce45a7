/**
 * Stands between a client and a server, and can lose everything in both directions while connections stay open, as a
 * network does that drops packets.
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

export class TcpProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private lossy = false;

  private constructor(private readonly server: Server) {}

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer((near) => {
      const far = connect(targetPort, '127.0.0.1');
      proxy.join(near, far);
      proxy.join(far, near);
      const pair = [near, far] as const;
      proxy.pairs.add(pair);
      near.once('close', () => proxy.pairs.delete(pair));
    });
    const proxy = new TcpProxy(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on nothing gets through; what was sent meanwhile arrives when it is over, as TCP sends it again. */
  lose(on: boolean): void {
    this.lossy = on;
    for (const pair of this.pairs) for (const socket of pair) this.flow(socket);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
    await closed;
  }

  private join(from: Socket, to: Socket): void {
    from.on('data', (data) => to.write(data));
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
    this.flow(from);
  }

  private flow(socket: Socket): void {
    if (this.lossy) socket.pause();
    else socket.resume();
  }
}
