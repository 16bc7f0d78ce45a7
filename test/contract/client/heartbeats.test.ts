import { Server, ServerCredentials, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { calculatorService } from '../../../proto/calculator';
import { add, ClientBench } from '../../support/client-bench';

it('of heartbeats that are never answered, though calls are, only one is ever open', async () => {
  const server = new Server();
  let open = 0;
  let most = 0;
  let asked = 0;
  server.addService(healthService, {
    check: (call: ServerUnaryCall<unknown, unknown>) => {
      asked += 1;
      open += 1;
      most = Math.max(most, open);
      call.once('cancelled', () => (open -= 1));
    },
    watch: (call: ServerWritableStream<unknown, unknown>) => call.write({ status: 'SERVING' }),
  });
  server.addService(calculatorService, {
    Add: (_call: unknown, done: (error: null, answer: object) => void) =>
      setTimeout(() => done(null, { value: 5, instance: 'one' }), 80),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const bench = new ClientBench({ heartbeatMinTimeoutMs: 5_000, heartbeatMaxTimeoutMs: 5_000 });
  try {
    await bench.registerTiers({ instance: 'one', port });
    const client = bench.client();
    for (let call = 0; call < 12; call += 1) await add(client);
    expect(asked).toBeGreaterThan(2);
    // The next one may be here before the end of the last.
    expect(most).toBeLessThanOrEqual(2);
  } finally {
    await bench.close();
    server.forceShutdown();
  }
});
