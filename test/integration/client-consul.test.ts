/** The client on a real Consul and real servers: what a caller sees when either of them is in trouble. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { credentials, status } from '@grpc/grpc-js';
import { registerUnderstudy, type Understudy } from '../../index';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { startCalculator, type CalculatorProcess } from '../../scripts/chaos/calculator-process';
import { add } from '../support/client-bench';
import { startConsul } from '../support/consul-process';
import { HttpProxy } from '../support/http-proxy';
import { instance, registration } from '../support/registrations';
import { until } from '../../scripts/chaos/until';
import type { ConsulProcess } from '../../scripts/consul/dev-consul';

jest.setTimeout(60_000);

let consul: ConsulProcess;
let registry: Registry;
let servers: readonly CalculatorProcess[];
let understudy: Understudy;
let changes: string[];
const clients: CalculatorClient[] = [];

beforeEach(async () => {
  [consul, ...servers] = await Promise.all([
    startConsul(),
    startCalculator({ instance: 'calculator-1' }),
    startCalculator({ instance: 'calculator-2' }),
  ]);
  registry = openRegistry({ address: consul.address }, {});
  understudy = registerUnderstudy({ services: [calculatorService], failbackHoldMs: 100, failbackRampMs: 0 });
  changes = [];
  understudy.events.on('failover', ({ to }) => changes.push(`failover to ${to}`));
  understudy.events.on('failback', ({ to }) => changes.push(`failback to ${to}`));
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await understudy.close();
  await registry.close();
  await Promise.all([consul.stop(), ...servers.map((server) => server.stop())]);
});

async function registerAll(): Promise<void> {
  for (const [tier, { instance: id, port }] of servers.entries()) {
    await registry.register(registration(instance('calculator', { id, port, tier })));
  }
}

function clientOf(address = consul.address, service = 'calculator'): CalculatorClient {
  const client = new CalculatorClient(
    `consul://${address}/${service}`,
    credentials.createInsecure(),
    understudy.channelOptions,
  );
  clients.push(client);
  return client;
}

it('finds the primary, leaves it on the word of the catalog, and returns', async () => {
  await registerAll();
  const client = clientOf();
  expect((await add(client)).instance).toBe('calculator-1');
  await registry.beat('calculator-1', 'critical', 'its disk is full');
  await until(() => changes.includes('failover to 1'), { what: 'the failover' });
  expect((await add(client)).instance).toBe('calculator-2');
  await registry.beat('calculator-1', 'passing', 'well again');
  await until(() => changes.includes('failback to 0'), { what: 'the failback' });
  expect((await add(client)).instance).toBe('calculator-1');
});

it('loses no call while Consul is killed, comes back empty, and is filled again', async () => {
  await registerAll();
  const client = clientOf();
  await add(client);
  let calls = 0;
  const over = new AbortController();
  const load = (async (): Promise<void> => {
    // Whoever answers: on a busy machine a hedge wins on the backup now and then.
    for (; !over.signal.aborted; calls += 1) await add(client);
  })();
  const callsGoOn = async (): Promise<void> => {
    const before = calls;
    await until(() => calls > before + 50, { what: 'more calls' });
  };
  await callsGoOn();
  await consul.kill();
  await callsGoOn();
  await consul.restart();
  await callsGoOn();
  await until(async () => (await registry.ping()).leader, { what: 'Consul to be back' });
  await callsGoOn();
  await registerAll();
  await callsGoOn();
  over.abort();
  await load;
  expect(changes).toEqual([]);
  await registry.beat('calculator-1', 'critical', 'seen by a client that follows the new Consul');
  await until(() => changes.includes('failover to 1'), { what: 'the failover' });
});

it('says which Consul does not answer, and serves those who wait as soon as it does', async () => {
  await registerAll();
  await consul.kill();
  const client = clientOf();
  await expect(add(client)).rejects.toMatchObject({
    code: status.UNAVAILABLE,
    details: expect.stringContaining(consul.address) as string,
  });
  const patient = add(client, { waitForReady: true, deadlineMs: 20_000 });
  await consul.restart();
  await registerAll();
  // A Consul that comes back is filled in any order, so the backup may be known before the primary.
  expect(['calculator-1', 'calculator-2']).toContain((await patient).instance);
  await until(async () => (await add(client)).instance === 'calculator-1', { what: 'the primary to serve' });
});

it('says that nobody is registered under a wrong name', async () => {
  await registerAll();
  await expect(add(clientOf(consul.address, 'calculatr'))).rejects.toMatchObject({
    code: status.UNAVAILABLE,
    details: expect.stringMatching(
      /^calculatr: no instance of it is registered in Consul at .*; is the name right/,
    ) as string,
  });
});

it('holds one watch and two connections for any number of channels to a service', async () => {
  await registerAll();
  const proxy = await HttpProxy.start(consul.address);
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => add(clientOf(proxy.address), { deadlineMs: 30_000 })),
  );
  expect(answers).toHaveLength(300);
  // One for the catalog, one for the settings.
  expect(await proxy.connections()).toBeLessThanOrEqual(2);
  expect(proxy.count('/v1/health/service/calculator')).toBeLessThanOrEqual(3);
  for (const client of clients.splice(0)) client.close();
  await understudy.close();
  await proxy.stop();
});

it("does not keep a user's program alive that closed its client", async () => {
  await registerAll();
  const script = ['-r', 'ts-node/register/transpile-only', join(__dirname, '../support/client-script.ts')];
  const { stdout } = await promisify(execFile)(process.execPath, [...script, `consul://${consul.address}/calculator`], {
    timeout: 20_000,
  });
  expect(stdout).toBe('5\n');
});

it('starts while Consul is away when an earlier process kept its view, and takes the truth as soon as Consul is back', async () => {
  const snapshotDir = mkdtempSync(join(tmpdir(), 'understudy-test-'));
  const start = (): void => {
    understudy = registerUnderstudy({ services: [calculatorService], failbackHoldMs: 100, snapshotDir });
  };
  try {
    await registerAll();
    await understudy.close();
    start();
    await add(clientOf());
    await understudy.close();
    await consul.kill();
    start();
    const client = clientOf();
    expect((await add(client)).instance).toBe('calculator-1');
    await consul.restart();
    await registerAll();
    await registry.beat('calculator-1', 'critical', 'its disk is full');
    await until(async () => (await add(client)).instance === 'calculator-2', { what: 'the new view' });
  } finally {
    rmSync(snapshotDir, { recursive: true });
  }
});
