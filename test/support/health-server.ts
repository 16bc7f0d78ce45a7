/** A gRPC server of this process whose health a test sets: many of them cost nothing. Whoever starts one stops it. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

export interface HealthServer {
  readonly port: number;
  setServing(serving: boolean): void;
  stop(): void;
}

export async function startHealthServer(): Promise<HealthServer> {
  const server = new Server();
  const health = new HealthImplementation({ '': 'SERVING' });
  health.addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    setServing: (serving) => health.setStatus('', serving ? 'SERVING' : 'NOT_SERVING'),
    stop: () => server.forceShutdown(),
  };
}
