/** What can be chosen per service, and changed while calls run. */
import { status } from '@grpc/grpc-js';
import type { SettingsEvent } from '../../../client/client-core';
import { settingsKey } from '../../../core/domain/order';
import { add, ClientBench } from '../../support/client-bench';
import { StubCalculator } from '../../support/stub-calculator';
import { until } from '../../../scripts/chaos/until';

let servers: readonly StubCalculator[];
let bench: ClientBench;
let told: SettingsEvent[];

beforeEach(async () => {
  servers = await Promise.all(['one', 'two'].map((name) => StubCalculator.start({ instance: name })));
});

afterEach(async () => {
  await bench.close();
  await Promise.all(servers.map((server) => server.die()));
});

function open(options: ConstructorParameters<typeof ClientBench>[0] = {}): ClientBench {
  bench = new ClientBench(options);
  told = [];
  bench.understudy.events.on('settings', (event) => told.push(event));
  return bench;
}

const set = (text: string | null): Promise<void> => bench.registry.writeSetting(settingsKey('calculator'), text);

it('an operator changes the policy of a running client, and no connection is dropped', async () => {
  // A crowded machine is no reason to leave the round.
  const { registry } = open({ hedging: false, quietMs: 5_000 });
  await bench.register(servers[0]!, 0, 'passing', 9);
  await bench.register(servers[1]!, 0);
  const client = bench.client();
  const shares = async (): Promise<number> => {
    const names: string[] = [];
    for (let call = 0; call < 40; call += 1) names.push((await add(client)).instance);
    return names.filter((name) => name === 'one').length;
  };
  await until(async () => (await add(client)).instance === 'two', { what: 'both to take calls' });
  expect(await shares()).toBe(20);
  await set('{"policy":"weighted_round_robin"}');
  await until(() => told.length === 2, { what: 'the settings' });
  expect(await shares()).toBeGreaterThan(30);
  await set(null);
  await until(() => told.length === 3, { what: 'the settings' });
  expect(await shares()).toBe(20);
  expect(servers.map(({ connections }) => connections)).toEqual([1, 1]);
  expect(registry.description).toBe('memory registry');
});

it('a text that cannot be used is told with every fault, and changes nothing', async () => {
  open();
  await bench.registerTiers(...servers);
  const client = bench.client();
  await set('{"policy":"fastest","failbackHoldMs":-1}');
  await add(client);
  await until(() => told.length === 1, { what: 'the settings' });
  expect(told[0]).toMatchObject({ service: 'calculator', applied: null });
  expect(told[0]?.reason).toMatch(/policy: .*least_request.*; failbackHoldMs: /);
  await set('not even JSON');
  await until(() => told.length === 2, { what: 'the settings' });
  expect(told[1]?.applied).toBeNull();
  expect((await add(client)).instance).toBe('one');
});

it('a service that shall fail closed says at once who could not answer and why', async () => {
  open({ perService: { calculator: { whenNobody: 'failClosed' } } });
  await bench.register(servers[0]!, 0, 'critical');
  await bench.register(servers[1]!, 1, 'critical');
  await expect(add(bench.client(), { deadlineMs: 20_000 })).rejects.toMatchObject({
    code: status.UNAVAILABLE,
    details: expect.stringMatching(/calculator: .*one.*the test says critical.*two.*the test says critical/) as string,
  });
});

it('a service that shall fail open tries servers that say themselves that they cannot', async () => {
  open();
  await bench.registerTiers(...servers);
  const client = bench.client();
  await add(client);
  for (const server of servers) server.setServing(false);
  const unfit = new Set<string>();
  bench.understudy.events.on('endpoint', ({ id, fitness }) => {
    if (fitness === 'desperate') unfit.add(id);
  });
  await until(() => unfit.size === 2, { what: 'both to be known as not serving' });
  expect((await add(client)).value).toBe(5);
});

it('an operator moves the calls to a backup and back, at once and although failback is manual', async () => {
  // A second attempt is answered by the other server, whoever the calls belong to.
  open({ hedging: false, perService: { calculator: { failback: 'manual' } } });
  await bench.registerTiers(...servers);
  const client = bench.client();
  const answers = (name: string): Promise<unknown> =>
    until(async () => (await add(client)).instance === name, { what: `${name} to take the calls` });
  await answers('one');
  await set('{"order":{"lead":["two"],"atUnixMs":1}}');
  await answers('two');
  await set('{"order":{"lead":[],"atUnixMs":2}}');
  await answers('one');
  expect(bench.tierChanges).toEqual(['start -->0', 'failover 0->-1', 'failback -1->0']);
  expect(servers.map(({ connections }) => connections)).toEqual([1, 1]);
});

it('falls back to the tiers when the leader by order dies, and does not return to it without the hold', async () => {
  open({ failbackHoldMs: 60_000 });
  await bench.registerTiers(...servers);
  const client = bench.client();
  await set('{"order":{"lead":["two"],"atUnixMs":1}}');
  await until(async () => (await add(client)).instance === 'two', { what: 'the order to be carried out' });
  await servers[1]!.die();
  expect((await add(client)).instance).toBe('one');
  servers = [servers[0]!, await StubCalculator.start({ instance: 'two', port: servers[1]!.port })];
  const back = new Promise((resolve) => {
    bench.understudy.events.on('endpoint', ({ id, fitness }) => id === 'two' && fitness === 'fit' && resolve(id));
  });
  await back;
  expect((await add(client)).instance).toBe('one');
});

it('an order with an end moves the calls for its time, and back at once when nobody takes it back', async () => {
  open({ failback: 'manual', failbackHoldMs: 60_000 });
  await bench.registerTiers(...servers);
  const client = bench.client();
  const changes: string[] = [];
  for (const kind of ['failover', 'failback'] as const) bench.understudy.events.on(kind, () => changes.push(kind));
  expect((await add(client)).instance).toBe('one');
  const atUnixMs = Date.now();
  const order = { lead: ['two'], atUnixMs, untilUnixMs: atUnixMs + 1500 };
  await set(JSON.stringify({ order }));
  await until(() => changes.length === 1, { what: 'the failover' });
  expect((await add(client)).instance).toBe('two');
  await until(() => changes.length === 2, { what: 'the failback' });
  expect(Date.now()).toBeGreaterThanOrEqual(order.untilUnixMs);
  expect((await add(client)).instance).toBe('one');
  // What stands there still is over: a later word about something else does not carry it out again.
  await set(JSON.stringify({ order, spillOver: false }));
  await until(() => told.at(-1)?.applied?.spillOver === false, { what: 'the settings' });
  expect((await add(client)).instance).toBe('one');
  expect(changes).toEqual(['failover', 'failback']);
});
