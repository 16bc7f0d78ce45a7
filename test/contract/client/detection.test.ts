/** Kinds of death that no connection tells of: real servers, real signals, and a network that loses everything. */
import { add, ClientBench, memoryAdd } from '../../support/client-bench';
import { startCalculator, type CalculatorProcess } from '../../../scripts/chaos/calculator-process';
import { TcpProxy } from '../../../scripts/chaos/tcp-proxy';
import { until } from '../../../scripts/chaos/until';
import type { CalculatorClient } from '../../../proto/calculator';

jest.setTimeout(60_000);

let bench: ClientBench;
let servers: readonly [CalculatorProcess, CalculatorProcess];
let lines: readonly [TcpProxy, TcpProxy];
let client: CalculatorClient;
const loads: Load[] = [];

/** Generous, for crowded machines: what counts is that a hung server does not eat it. */
const DEADLINE_MS = 4_000;

/** Calls at a steady pace, safe and unsafe in turn. */
class Load {
  readonly failedSafe: unknown[] = [];
  readonly failedUnsafe: { readonly call: number; readonly error: unknown }[] = [];
  /** How many calls were begun. */
  begun = 0;
  readonly instances: string[] = [];
  ended = 0;
  private readonly open = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;

  constructor(everyMs = 5) {
    this.timer = setInterval(() => this.call((this.begun += 1)), everyMs);
    loads.push(this);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
  }

  private call(number: number): void {
    const safe = number % 2 === 0;
    const answer = safe ? add(client, { deadlineMs: DEADLINE_MS }) : memoryAdd(client, `id-${number}`, DEADLINE_MS);
    const done = answer
      .then(({ instance }) => void this.instances.push(instance))
      .catch((error: unknown) => {
        if (safe) this.failedSafe.push(error);
        else this.failedUnsafe.push({ call: number, error });
      })
      .finally(() => {
        this.ended += 1;
        this.open.delete(done);
      });
    this.open.add(done);
  }
}

beforeEach(async () => {
  servers = await Promise.all([
    startCalculator({ instance: 'one', allowFaults: true, args: ['--service-time-ms', '5'] }),
    startCalculator({ instance: 'two', allowFaults: true, args: ['--service-time-ms', '5'] }),
  ]);
  lines = await Promise.all([TcpProxy.start(servers[0].port), TcpProxy.start(servers[1].port)]);
  // Slower than the defaults, since other tests crowd the machine: what is shown is that, not how fast.
  bench = new ClientBench({ failbackHoldMs: 300, heartbeatMinTimeoutMs: 500 });
  await bench.registerTiers({ instance: 'one', port: lines[0].port }, { instance: 'two', port: lines[1].port });
  client = bench.client();
  await until(async () => (await add(client)).instance === 'one', { what: 'the first call' });
});

afterEach(async () => {
  await Promise.all(loads.splice(0).map((load) => load.stop()));
  await bench.close();
  await Promise.all([...lines.map((line) => line.stop()), ...servers.map((server) => server.stop())]);
});

const soon = (load: Load, calls: number): Promise<unknown> => {
  const goal = load.ended + calls;
  return until(() => load.ended >= goal, { what: `${calls} more calls to end`, timeoutMs: 30_000 });
};
/** Unsafe calls that failed though they were begun when the failover was known: how many were sent before is the machine's affair. */
function failedLate(load: Load): () => readonly unknown[] {
  let known = Infinity;
  bench.understudy.events.on('failover', () => (known = load.begun));
  return () => load.failedUnsafe.filter(({ call }) => call > known);
}
const failedOver = (): Promise<unknown> =>
  until(() => bench.tierChanges.includes('failover 0->1'), { what: 'the failover' });
const failedBack = (): Promise<unknown> =>
  until(() => bench.tierChanges.includes('failback 1->0'), { what: 'the failback' });

it('saves every safe call when the primary hangs, loses no unsafe one after that is known, and returns when it wakes up', async () => {
  const load = new Load();
  const late = failedLate(load);
  await soon(load, 100);
  servers[0].signal('SIGSTOP');
  await failedOver();
  await soon(load, 300);
  servers[0].signal('SIGCONT');
  await failedBack();
  await soon(load, 100);
  await load.stop();
  expect(load.failedSafe).toEqual([]);
  expect(late()).toEqual([]);
});

it('saves every safe call when the network to the primary loses everything, and returns when it heals', async () => {
  const load = new Load();
  await soon(load, 100);
  lines[0].lose(true);
  await failedOver();
  await soon(load, 300);
  lines[0].lose(false);
  await failedBack();
  await load.stop();
  expect(load.failedSafe).toEqual([]);
});

it('leaves a primary that fails every call though it says SERVING, and returns by trials when it is well', async () => {
  const load = new Load();
  const late = failedLate(load);
  await soon(load, 50);
  await servers[0].setFault({ kind: 'UNAVAILABLE' });
  await failedOver();
  await soon(load, 200);
  await servers[0].setFault({ kind: 'NONE' });
  await failedBack();
  await load.stop();
  expect(load.failedSafe).toEqual([]);
  expect(late()).toEqual([]);
});

it('sends late safe calls to the backup, leaves a primary that stays slow, and returns when it is quick again', async () => {
  const reasons: string[] = [];
  bench.understudy.events.on('failover', ({ reason }) => reasons.push(reason));
  const load = new Load(10);
  // So many that one stall of a crowded machine is not what such calls usually take.
  await soon(load, 300);
  await servers[0].setFault({ kind: 'SLOW', delayMs: 400 });
  const answers = await Promise.all(Array.from({ length: 5 }, () => add(client)));
  expect(answers.map((answer) => answer.instance)).toContain('two');
  await failedOver();
  expect(reasons).toEqual([expect.stringContaining('others, asked later, answered first')]);
  await servers[0].setFault({ kind: 'NONE' });
  await failedBack();
  await load.stop();
  expect([...load.failedSafe, ...load.failedUnsafe]).toEqual([]);
});

it('accuses nobody while the caller itself stands still', async () => {
  const load = new Load();
  await soon(load, 100);
  for (let stall = 0; stall < 4; stall += 1) {
    const untilMs = Date.now() + 500;
    while (Date.now() < untilMs);
    await soon(load, 50);
  }
  expect(bench.tierChanges).toEqual(['start -->0']);
});

it('accuses nobody when everybody falls silent at once', async () => {
  const load = new Load();
  await soon(load, 100);
  for (const line of lines) line.lose(true);
  await new Promise((resolve) => setTimeout(resolve, 900));
  for (const line of lines) line.lose(false);
  await soon(load, 100);
  await load.stop();
  expect(bench.tierChanges).toEqual(['start -->0']);
  expect(load.failedSafe).toEqual([]);
});

it('sends hardly any call twice while nothing is wrong', async () => {
  const load = new Load();
  await soon(load, 1_000);
  await load.stop();
  const { calls, attempts } = bench.understudy.counters('calculator');
  expect(attempts - calls).toBeLessThan(calls * 0.05);
});

it('does not bury servers under repetitions when all of them fail', async () => {
  await Promise.all(servers.map((server) => server.setFault({ kind: 'UNAVAILABLE' })));
  const since = performance.now();
  const load = new Load(2);
  await soon(load, 1_000);
  await load.stop();
  const { calls, attempts } = bench.understudy.counters('calculator');
  // A fifth of the calls, and ten a second for the ten seconds of the window and for as long as it took.
  const seconds = 10 + (performance.now() - since) / 1000;
  expect(attempts - calls).toBeLessThanOrEqual(calls * 0.2 + 10 * seconds);
  expect(String(load.failedSafe.at(-1))).toContain('not repeated: too many calls of this target');
});
