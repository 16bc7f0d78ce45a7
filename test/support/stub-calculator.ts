/**
 * A Calculator inside the test's own process, for what a real one cannot be made to do or to tell: it counts
 * connections and executions, fails on demand, and may lack the health service.
 */
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerInterceptor,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { calculatorService } from '../../proto/calculator';
import type { Answer } from '../../proto/generated/calculator/v1/Answer';
import { freePorts } from '../../scripts/consul/free-ports';

export interface StubOptions {
  readonly instance: string;
  readonly port?: number;
  /** Default true. */
  readonly health?: boolean;
  readonly interceptors?: readonly ServerInterceptor[];
}

export class StubCalculator {
  /** How often each method was executed, by name. */
  readonly executed = new Map<string, number>();
  connections = 0;
  /** When set, calls are answered with this status and not executed. */
  failWith: status | null = null;
  /** When set, calls wait for it before they are answered. */
  hold: Promise<void> | null = null;
  /** Sends its headers at once, before it does anything else. */
  headersFirst = false;
  private isDead = false;
  private readonly healthStatus = new HealthImplementation({ '': 'SERVING' });
  private readonly sockets = new Set<Socket>();

  private constructor(
    readonly instance: string,
    readonly port: number,
    private readonly server: Server,
    private readonly front: TcpServer,
  ) {}

  static async start(options: StubOptions): Promise<StubCalculator> {
    const server = new Server({ interceptors: [...(options.interceptors ?? [])] });
    const [port = 0] = options.port === undefined ? await freePorts(1) : [options.port];
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    const front = createServer((socket) => {
      if (stub.accept(socket)) injector.injectConnection(socket);
    });
    const stub = new StubCalculator(options.instance, port, server, front);
    stub.serve(options.health ?? true);
    await new Promise<void>((resolve, reject) => {
      front.once('error', reject);
      front.listen(port, '127.0.0.1', () => resolve());
    });
    return stub;
  }

  setServing(serving: boolean): void {
    this.healthStatus.setStatus('', serving ? 'SERVING' : 'NOT_SERVING');
  }

  /** Cuts every connection and listens no more, as the death of a process does. */
  async die(): Promise<void> {
    this.isDead = true;
    this.front.close();
    for (const socket of this.sockets) socket.resetAndDestroy();
    this.server.forceShutdown();
    await Promise.resolve();
  }

  /** False for one that was on its way when the server died: nobody would ever end it. */
  private accept(socket: Socket): boolean {
    socket.on('error', () => undefined);
    if (this.isDead) {
      socket.resetAndDestroy();
      return false;
    }
    this.connections += 1;
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    return true;
  }

  private serve(health: boolean): void {
    const handler =
      (name: string) =>
      (call: ServerUnaryCall<{ left?: number; right?: number }, Answer>, done: sendUnaryData<Answer>) => {
        if (this.failWith !== null) {
          done({ code: this.failWith, details: `the stub answers ${status[this.failWith]}` });
          return;
        }
        if (this.headersFirst) call.sendMetadata(new Metadata());
        this.executed.set(name, (this.executed.get(name) ?? 0) + 1);
        const answer = { value: (call.request.left ?? 0) + (call.request.right ?? 0), instance: this.instance };
        void (this.hold ?? Promise.resolve()).then(() => done(null, answer));
      };
    const unary = ['Add', 'Subtract', 'Multiply', 'Divide', 'MemoryAdd', 'MemoryRecall', 'MemoryClear'];
    this.server.addService(calculatorService, Object.fromEntries(unary.map((name) => [name, handler(name)])));
    if (health) this.healthStatus.addToServer(this.server);
  }
}
