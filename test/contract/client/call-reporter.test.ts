/** What really goes over the wire to an agent, and how one of an earlier version is dealt with. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallReporter } from '../../../client/call-reporter';
import { MethodCounts } from '../../../client/method-counts';
import type { CallReport } from '../../../core/measure/call-tally';
import { systemClock } from '../../../runtime/system-clock';

let agent: Server;
let status: (message: CallReport) => number;
let messages: CallReport[];
let reporter: CallReporter;
let counts: MethodCounts;

beforeEach(async () => {
  messages = [];
  status = () => 200;
  counts = new MethodCounts();
  agent = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const message = JSON.parse(text) as CallReport;
      messages.push(message);
      response.writeHead(status(message)).end();
    });
  });
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  const { port } = agent.address() as AddressInfo;
  reporter = new CallReporter({
    ...{ url: `http://127.0.0.1:${port}`, token: '', everyMs: 60_000, client: 'c', clock: systemClock() },
    counters: () => ({ calculator: { calls: 1, attempts: 1, failuresSeen: 0, failuresHidden: 0 } }),
    takeMethods: () => counts.take(),
  });
});
afterEach(() => new Promise<void>((resolve) => void agent.close(() => resolve())));

it('tells of methods beside the totals, once', async () => {
  counts.attemptEnded('/s/Add', 'a', false);
  counts.callEnded('/s/Add', 0, 0);
  await reporter.stop();
  expect(messages).toMatchObject([
    { seq: 1, services: { calculator: { calls: 1, methods: { '/s/Add': { calls: 1, instances: { a: {} } } } } } },
  ]);
});

it('brings an agent of an earlier version, which refuses methods, the totals', async () => {
  status = ({ services }) => (services['calculator']?.methods === undefined ? 200 : 400);
  counts.callEnded('/s/Add', 0, 0);
  await reporter.stop();
  expect(messages).toHaveLength(2);
  expect(messages[1]).toEqual({
    ...{ client: 'c', seq: 1 },
    services: { calculator: { calls: 1, attempts: 1, failuresSeen: 0, failuresHidden: 0 } },
  });
});
