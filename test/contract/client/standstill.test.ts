/** A caller that stood still, and whose primary died meanwhile: what it begins when it goes on must reach the backup. */
import { startCalculator, type CalculatorProcess } from '../../../scripts/chaos/calculator-process';
import { until } from '../../../scripts/chaos/until';
import { add, ClientBench, memoryAdd } from '../../support/client-bench';

jest.setTimeout(60_000);

const DEADLINE_MS = 10_000;
const STANDSTILL_MS = 300;
const CALLS = 20;

let bench: ClientBench;
let servers: readonly [CalculatorProcess, CalculatorProcess];

beforeEach(async () => {
  servers = await Promise.all([startCalculator({ instance: 'one' }), startCalculator({ instance: 'two' })]);
  bench = new ClientBench();
  await bench.registerTiers(...servers);
});
afterEach(async () => {
  await bench.close();
  await Promise.all(servers.map((server) => server.stop()));
});

function standStill(): void {
  const untilMs = performance.now() + STANDSTILL_MS;
  while (performance.now() < untilMs);
}

it('sends no call that must not be repeated to a primary that died during the standstill', async () => {
  const client = bench.client();
  await until(async () => (await add(client)).instance === 'one', { what: 'the first call' });
  servers[0].signal('SIGKILL');
  standStill();
  const calls = Array.from({ length: CALLS }, (_, call) => memoryAdd(client, `id-${call}`, DEADLINE_MS));
  const ends = await Promise.allSettled(calls);
  const failed = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
  expect(failed).toEqual([]);
  const answerers = ends.map((end) => (end.status === 'fulfilled' ? end.value.instance : ''));
  expect(new Set(answerers)).toEqual(new Set(['two']));
});
