/** What a real server tells of its calls, as the agent's own probe reads it. */
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { GrpcProbe } from '../../../agent/grpc-probe';
import { CalculatorClient, calculatorService } from '../../../proto/calculator';
import { systemClock } from '../../../runtime/system-clock';
import { reportCalls } from '../../../server/index';
import { until } from '../../../scripts/chaos/until';

let server: Server;
let client: CalculatorClient;
let probe: GrpcProbe;
let answers: (() => void)[] = [];

beforeEach(async () => {
  server = new Server({ interceptors: [reportCalls()] });
  server.addService(calculatorService, {
    Add: (_call: unknown, done: (error: null, answer: object) => void) => answers.push(() => done(null, { value: 5 })),
  });
  new HealthImplementation({ '': 'SERVING' }).addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  client = new CalculatorClient(`127.0.0.1:${port}`, credentials.createInsecure());
  probe = new GrpcProbe({ address: '127.0.0.1', port, service: '', onUnimplemented: 'fail' }, systemClock());
});
afterEach(() => {
  answers = [];
  client.close();
  probe.close();
  server.forceShutdown();
});

const told = async () => (await probe.check(new AbortController().signal)).calls;
const add = () => client.Add({ left: 2, right: 3 }, () => undefined);

it('tells calls in flight and calls begun, and does not count health checks', async () => {
  expect(await told()).toEqual({ inFlight: 0, begun: 0 });
  add();
  add();
  await until(() => Promise.resolve(answers.length === 2), { what: 'both calls' });
  expect(await told()).toEqual({ inFlight: 2, begun: 2 });
  answers.forEach((answer) => answer());
  expect(await told()).toEqual({ inFlight: 0, begun: 2 });
});

it('does not wait for a call that its caller gave up', async () => {
  const call = add();
  await until(() => Promise.resolve(answers.length === 1), { what: 'the call' });
  call.cancel();
  await until(async () => (await told())?.inFlight === 0, { what: 'the end of the call' });
  expect(await told()).toEqual({ inFlight: 0, begun: 1 });
});
