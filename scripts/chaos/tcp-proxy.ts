/**
 * Stands between a client and a server, and can lose everything in both directions while connections stay open, as a
 * network does that drops packets; it can delay what it passes on, and reset connections.
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

export class TcpProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  /** For each socket with bytes on their way, when the last of them will be written. */
  private readonly late = new Map<Socket, Promise<void>>();
  private lossy = false;
  private delayMs = 0;
  private resets: () => boolean = () => false;

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

  /** From now on everything arrives so much later, in each direction and in order. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /** From now on `happens` is asked for each chunk of data, and breaks its connection by a reset when it says so. */
  resetWhen(happens: () => boolean): void {
    this.resets = happens;
  }

  /** Resets all connections; new ones are accepted. */
  breakConnections(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
    await closed;
    await Promise.all(this.late.values());
  }

  private join(from: Socket, to: Socket): void {
    // Else the system holds small pieces back for up to 40 ms, and a server that is seldom asked looks slow.
    from.setNoDelay(true);
    from.on('data', (data) => {
      if (this.resets()) {
        from.resetAndDestroy();
        to.resetAndDestroy();
      } else this.pass(to, data);
    });
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
    this.flow(from);
  }

  private pass(to: Socket, data: Buffer): void {
    const earlier = this.late.get(to);
    if (this.delayMs === 0 && earlier === undefined) {
      to.write(data);
      return;
    }
    const dueMs = performance.now() + this.delayMs;
    // Behind what came before it, also when the delay is over meanwhile.
    const written = (earlier ?? Promise.resolve()).then(async () => {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
      if (!to.destroyed) to.write(data);
      if (this.late.get(to) === written) this.late.delete(to);
    });
    this.late.set(to, written);
  }

  private flow(socket: Socket): void {
    if (this.lossy) socket.pause();
    else socket.resume();
  }
}
