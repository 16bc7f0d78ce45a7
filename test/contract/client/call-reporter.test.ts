/** What really goes over the wire to an agent, and how one of an earlier version is dealt with. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallReporter } from '../../../client/call-reporter';
import { MethodCounts } from '../../../client/method-counts';
import type { MoveReport } from '../../../core/domain/move';
import type { CallReport } from '../../../core/measure/call-tally';
import { MoveLog } from '../../../core/measure/move-log';
import { systemClock } from '../../../runtime/system-clock';
import { until } from '../../../scripts/chaos/until';

let agent: Server;
let status: (message: CallReport) => number;
let messages: CallReport[];
let moveReports: MoveReport[];
let moveStatus: number;
let log: MoveLog;
let reporter: CallReporter;
let counts: MethodCounts;

beforeEach(async () => {
  messages = [];
  moveReports = [];
  moveStatus = 200;
  log = new MoveLog();
  status = () => 200;
  counts = new MethodCounts();
  agent = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const message = JSON.parse(text) as CallReport & MoveReport;
      if (request.url === '/v1/moves') moveReports.push(message);
      else messages.push(message);
      response.writeHead(request.url === '/v1/moves' ? moveStatus : status(message)).end();
    });
  });
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  const { port } = agent.address() as AddressInfo;
  reporter = new CallReporter({
    ...{ url: `http://127.0.0.1:${port}`, token: '', everyMs: 50, client: 'c', clock: systemClock() },
    counters: () => ({ calculator: { calls: 1, attempts: 1, failuresSeen: 0, failuresHidden: 0 } }),
    takeMethods: () => counts.take(),
    movesAfter: (seq) => log.after(seq),
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

describe('the moves of the process', () => {
  const failover = { kind: 'failover', from: 0, to: 1, reason: 'tier 0 cannot answer', afterMs: 12 } as const;

  it('are told once', async () => {
    log.add('calculator', failover, 1000);
    reporter.start();
    await until(() => moveReports.length > 0, { what: 'the move to be told' });
    log.add('calculator', { ...failover, kind: 'failback', from: 1, to: 0 }, 5000);
    await until(() => moveReports.length > 1, { what: 'the next move to be told' });
    await reporter.stop();
    expect(moveReports).toMatchObject([
      { client: 'c', moves: [{ service: 'calculator', seq: 1, atUnixMs: 1000, ...failover }] },
      { client: 'c', moves: [{ seq: 2, kind: 'failback' }] },
    ]);
  });

  it('are told again to an agent that could not take them', async () => {
    moveStatus = 503;
    log.add('calculator', failover, 1000);
    reporter.start();
    await until(() => moveReports.length > 1, { what: 'the move to be told again' });
    moveStatus = 200;
    await reporter.stop();
    expect(new Set(moveReports.map(({ moves }) => moves[0]?.seq))).toEqual(new Set([1]));
  });

  it('are kept from an agent of an earlier version after its first refusal of each', async () => {
    moveStatus = 404;
    log.add('calculator', failover, 1000);
    await reporter.stop();
    expect(moveReports).toHaveLength(1);
    expect(messages).toHaveLength(1);
  });
});
