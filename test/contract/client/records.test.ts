/** What a client tells of its calls: events for each, the latest failures, and metrics. */
import { status } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { addCallMetrics } from '../../../client/call-metrics';
import type { AttemptEvent, CallEvent } from '../../../index';
import { add, ClientBench, memoryAdd } from '../../support/client-bench';
import { StubCalculator } from '../../support/stub-calculator';
import { until } from '../../../scripts/chaos/until';

let bench: ClientBench;
let primary: StubCalculator;
let backup: StubCalculator;
const ADD = '/calculator.v1.Calculator/Add';

beforeEach(async () => {
  bench = new ClientBench({ hedging: false, ejectAfterFailures: 1_000 });
  [primary, backup] = await Promise.all([
    StubCalculator.start({ instance: 'one' }),
    StubCalculator.start({ instance: 'two' }),
  ]);
  await bench.registerTiers(primary, backup);
});

afterEach(async () => {
  await bench.close();
  await Promise.all([primary.die(), backup.die()]);
});

const warm = (): Promise<unknown> => until(() => backup.connections === 1, { what: 'the backup to be connected' });

it('tells of each attempt and each call, and why an attempt was made', async () => {
  const attempts: AttemptEvent[] = [];
  const calls: CallEvent[] = [];
  bench.understudy.events.on('attempt', (event) => attempts.push(event));
  bench.understudy.events.on('call', (event) => calls.push(event));
  const client = bench.client();
  await add(client);
  await warm();
  primary.failWith = status.UNAVAILABLE;
  await add(client);
  await until(() => calls.length === 2, { what: 'both calls to be told' });
  expect(attempts.map(({ endpoint, code, why }) => [endpoint, code, why])).toEqual([
    ['one', 'OK', 'first'],
    ['one', 'UNAVAILABLE', 'first'],
    ['two', 'OK', 'repeated'],
  ]);
  expect(calls).toEqual([
    expect.objectContaining({ service: 'calculator', method: ADD, code: 'OK', attempts: 1 }),
    expect.objectContaining({ service: 'calculator', method: ADD, code: 'OK', attempts: 2 }),
  ]);
  expect(calls.every(({ tookMs, atMs }) => tookMs > 0 && atMs > 0)).toBe(true);
});

it('keeps the last hundred failures, and no payload', async () => {
  const client = bench.client();
  await add(client);
  primary.failWith = status.UNAVAILABLE;
  for (let number = 0; number < 105; number += 1) {
    await expect(memoryAdd(client, `secret-${number}`)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  }
  const failures = bench.understudy.recentFailures('calculator');
  expect(failures).toHaveLength(100);
  expect(failures.at(-1)).toMatchObject({ endpoint: 'one', code: 'UNAVAILABLE' });
  expect(JSON.stringify(failures)).not.toContain('secret');
});

it('counts for Prometheus in the registry of the user, until it is told to stop', async () => {
  const registry = new Registry();
  const stop = addCallMetrics(bench.understudy, registry);
  const client = bench.client();
  await add(client);
  await warm();
  await primary.die();
  await until(() => bench.tierChanges.includes('failover 0->1'), { what: 'the failover' });
  await add(client);
  const both = `understudy_client_call_seconds_count{service="calculator",method="${ADD}",code="OK"} 2`;
  await until(async () => (await registry.metrics()).includes(both), { what: 'both calls to be counted' });
  const text = await registry.metrics();
  expect(text).toContain('understudy_client_tier_changes_total{service="calculator",kind="failover"} 1');
  expect(text).toContain('understudy_client_active_tier{service="calculator"} 1');
  expect(text).toContain(`understudy_client_attempt_seconds_count{service="calculator",method="${ADD}",endpoint="two"`);
  stop();
  expect((await registry.metrics()).trim()).toBe('');
});
