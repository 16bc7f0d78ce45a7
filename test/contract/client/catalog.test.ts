import { status } from '@grpc/grpc-js';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { add, ClientBench } from '../../support/client-bench';
import { StubCalculator } from '../../support/stub-calculator';
import { TcpProxy } from '../../../scripts/chaos/tcp-proxy';
import { until } from '../../../scripts/chaos/until';

const SETTLE_MS = 2_000;

let bench: ClientBench;
let primary: StubCalculator;
let backup: StubCalculator;

beforeEach(async () => {
  bench = new ClientBench({ connectDeadlineMs: 200, settleMs: 400, missingGraceMs: 100 });
  [primary, backup] = await Promise.all([
    StubCalculator.start({ instance: 'one' }),
    StubCalculator.start({ instance: 'two' }),
  ]);
});

afterEach(async () => {
  await bench.close();
  await Promise.all([primary.die(), backup.die()]);
});

describe('when the registry is in trouble', () => {
  it('calls on while the registry is away, and follows it again afterwards', async () => {
    await bench.registerTiers(primary, backup);
    const client = bench.client();
    await add(client);
    bench.registry.setAway(true);
    for (let call = 0; call < 20; call += 1) expect((await add(client)).instance).toBe('one');
    bench.registry.setAway(false);
    await bench.registry.beat('one', 'critical', 'ill');
    await until(() => bench.tierChanges.includes('failover 0->1'), { what: 'the failover' });
  });

  it('calls on when the registry forgot everything', async () => {
    await bench.registerTiers(primary, backup);
    const client = bench.client();
    await add(client);
    bench.registry.forget();
    await until(async () => (await bench.registry.snapshot({ service: 'calculator' })).instances.length === 0, {
      what: 'an empty catalog',
    });
    const untilMs = Date.now() + 400;
    while (Date.now() < untilMs) expect((await add(client)).instance).toBe('one');
    expect(bench.tierChanges).toEqual(['start -->0']);
  });

  it('fails at once with a clear message when there never was a view, and waits for those that wait for ready', async () => {
    bench.registry.setAway(true);
    const client = bench.client();
    await expect(add(client)).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining('memory registry') as string,
    });
    const patient = add(client, { waitForReady: true });
    bench.registry.setAway(false);
    await bench.registerTiers(primary);
    expect((await patient).instance).toBe('one');
  });

  it('waits for the primary after a long absence of the registry as it does at the start', async () => {
    await bench.close();
    // Long enough for two connections on a busy machine.
    bench = new ClientBench({ connectDeadlineMs: 200, settleMs: SETTLE_MS });
    const line = await TcpProxy.start(primary.port);
    bench.registry.setAway(true);
    const client = bench.client();
    await expect(add(client)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS + 50));
    line.lose(true);
    bench.registry.setAway(false);
    await bench.registerTiers({ instance: 'one', port: line.port }, backup);
    const answer = add(client, { waitForReady: true });
    await until(() => backup.connections === 1, { what: 'the backup to be connected' });
    line.lose(false);
    expect((await answer).instance).toBe('one');
    await line.stop();
  });
});

describe('what a user may get wrong', () => {
  it('is told that nobody of this name is registered', async () => {
    const client = bench.client('calculatr');
    await expect(add(client)).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining(
        'calculatr: no instance of it is registered in memory registry; is the name right',
      ) as string,
    });
  });

  it('is told of a wrong target when the client is made', () => {
    expect(() => bench.client('calculator?policy=fastest')).toThrow(
      'unknown policy "fastest" (allowed: round_robin, random, weighted_round_robin, least_request)',
    );
  });
});

describe('peers that are not what they seem', () => {
  it('is not held up by a peer that accepts connections and stays silent', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    await bench.registerTiers({ instance: 'mute', port }, backup);
    const answer = await add(bench.client());
    expect(answer.instance).toBe('two');
    expect(bench.tierChanges).toEqual(['start -->1']);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('does not hammer a peer that refuses, however many calls are made', async () => {
    let attempts = 0;
    const refusing = createServer((socket) => {
      attempts += 1;
      socket.on('error', () => undefined).destroy();
    });
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    const { port } = refusing.address() as AddressInfo;
    await bench.registerTiers({ instance: 'refusing', port }, backup);
    const client = bench.client();
    for (let call = 0; call < 300; call += 1) expect((await add(client)).instance).toBe('two');
    expect(attempts).toBeLessThan(30);
    await new Promise((resolve) => refusing.close(resolve));
  });

  it('serves through a server that has no health service', async () => {
    const plain = await StubCalculator.start({ instance: 'plain', health: false });
    await bench.registerTiers(plain);
    expect((await add(bench.client())).instance).toBe('plain');
    await plain.die();
  });

  it('names every endpoint and why when nobody can answer', async () => {
    await primary.die();
    await backup.die();
    await bench.registerTiers(primary, backup);
    await expect(add(bench.client())).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringMatching(
        /^calculator: nobody can answer: one \(tier 0\): .*ECONNREFUSED.*; two \(tier 1\): .*ECONNREFUSED/,
      ) as string,
    });
  });
});

describe('a change in the catalog', () => {
  it('of weight, health or reason reconnects nothing', async () => {
    await bench.registerTiers(primary, backup);
    const client = bench.client();
    await add(client);
    await bench.register(primary, 0, 'warning', 7);
    await bench.registry.beat('one', 'passing', 'well again');
    await bench.registry.setMaintenance('two', true, 'a new disk');
    await until(
      async () => (await bench.registry.snapshot({ service: 'calculator' })).instances[1]?.health === 'maintenance',
      { what: 'the change' },
    );
    for (let call = 0; call < 10; call += 1) await add(client);
    expect({ primary: primary.connections, backup: backup.connections }).toEqual({ primary: 1, backup: 1 });
  });

  it('of address moves the calls to the new place', async () => {
    await bench.registerTiers(primary);
    const client = bench.client();
    expect((await add(client)).instance).toBe('one');
    await bench.register({ instance: 'one', port: backup.port }, 0);
    await until(async () => (await add(client)).instance === 'two', { what: 'the calls to move' });
  });
});
