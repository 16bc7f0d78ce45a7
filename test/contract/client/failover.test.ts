import { status } from '@grpc/grpc-js';
import { add, ClientBench, memoryAdd } from '../../support/client-bench';
import { StubCalculator } from '../../support/stub-calculator';
import { until } from '../../../scripts/chaos/until';

let bench: ClientBench;
let primary: StubCalculator;
let backup: StubCalculator;
let third: StubCalculator;

beforeEach(async () => {
  bench = new ClientBench({ hedging: false });
  [primary, backup, third] = await Promise.all([
    StubCalculator.start({ instance: 'one' }),
    StubCalculator.start({ instance: 'two' }),
    StubCalculator.start({ instance: 'three' }),
  ]);
  await bench.registerTiers(primary, backup, third);
});

afterEach(async () => {
  await bench.close();
  await Promise.all([primary, backup, third].map((stub) => stub.die()));
});

const backupIsWarm = (): Promise<unknown> =>
  until(() => backup.connections === 1, { what: 'the backup to be connected' });

/** A call that the primary answers, although it holds others back. */
async function memoryAddAnswered(client: ReturnType<ClientBench['client']>): Promise<string> {
  primary.hold = null;
  return (await memoryAdd(client, 'later')).instance;
}

it('gives all calls to the primary, keeps the next tier connected, and leaves the third alone', async () => {
  const client = bench.client();
  for (let call = 0; call < 20; call += 1) expect((await add(client)).instance).toBe('one');
  await backupIsWarm();
  expect({ primary: primary.connections, backup: backup.connections, third: third.connections }).toEqual({
    primary: 1,
    backup: 1,
    third: 0,
  });
});

it('leaves a primary that answers heartbeats but no calls, though none of them may be repeated', async () => {
  const client = bench.client();
  const reasons: string[] = [];
  bench.understudy.events.on('failover', ({ reason }) => reasons.push(reason));
  for (let call = 0; call < 20; call += 1) await memoryAdd(client, `before-${call}`);
  primary.hold = new Promise(() => undefined);
  const asked = async (call: number): Promise<string> =>
    (await memoryAdd(client, `id-${call}`, 400).catch(() => ({ instance: 'nobody' }))).instance;
  for (let call = 0; bench.tierChanges.length < 2 && call < 20; call += 1) expect(await asked(call)).toBe('nobody');
  expect(reasons).toEqual([expect.stringContaining('took so long that their deadlines came first')]);
  expect(await asked(20)).toBe('two');
});

it('moves to the backup when the primary dies, without losing a safe call that was in flight', async () => {
  const client = bench.client();
  await add(client);
  await backupIsWarm();
  primary.hold = new Promise(() => undefined);
  const inFlight = Array.from({ length: 50 }, () => add(client));
  await until(() => primary.executed.get('Add') === 51, { what: 'the calls to be in flight' });
  await primary.die();
  const answers = await Promise.all(inFlight);
  expect(new Set(answers.map((answer) => answer.instance))).toEqual(new Set(['two']));
  expect(bench.tierChanges).toEqual(['start -->0', 'failover 0->1']);
  expect(bench.understudy.counters('calculator')).toMatchObject({
    calls: 51,
    attempts: 101,
    ok: 51,
    failuresSeen: 0,
    failuresHidden: 50,
  });
});

it('saves a safe call whose server dies after it has begun to answer', async () => {
  const client = bench.client();
  await add(client);
  await backupIsWarm();
  primary.headersFirst = true;
  primary.hold = new Promise(() => undefined);
  const begun = add(client);
  await until(() => primary.executed.get('Add') === 2, { what: 'the call to be in flight' });
  // The headers are on their way before the answer to a later call can be.
  await expect(memoryAddAnswered(client)).resolves.toBe('one');
  await primary.die();
  expect((await begun).instance).toBe('two');
});

it('never sends an unsafe call twice, even when its server died with it', async () => {
  const client = bench.client();
  await add(client);
  await backupIsWarm();
  primary.hold = new Promise(() => undefined);
  const inFlight = Array.from({ length: 20 }, (_, number) => memoryAdd(client, `id-${number}`));
  await until(() => primary.executed.get('MemoryAdd') === 20, { what: 'the calls to be in flight' });
  const ends = Promise.allSettled(inFlight);
  await primary.die();
  expect((await ends).map((end) => end.status)).toEqual(Array.from({ length: 20 }, () => 'rejected'));
  expect(backup.executed.get('MemoryAdd')).toBeUndefined();
  expect((await memoryAdd(client, 'later')).instance).toBe('two');
});

it('returns to the primary after the hold, and keeps the third tier warm meanwhile', async () => {
  const client = bench.client();
  await add(client);
  await backupIsWarm();
  await primary.die();
  await until(() => bench.tierChanges.includes('failover 0->1'), { what: 'the failover' });
  await until(() => third.connections === 1, { what: 'the third tier to be connected' });
  expect((await add(client)).instance).toBe('two');
  primary = await StubCalculator.start({ instance: 'one', port: primary.port });
  await until(() => bench.tierChanges.includes('failback 1->0'), { what: 'the failback' });
  expect((await add(client)).instance).toBe('one');
  expect(bench.tierChanges).toEqual(['start -->0', 'failover 0->1', 'failback 1->0']);
});

it('gives a returned primary its calls by and by, and all of them in the end', async () => {
  await bench.close();
  bench = new ClientBench({ hedging: false, failbackRampMs: 1_000 });
  await bench.registerTiers(primary, backup, third);
  const client = bench.client();
  await add(client);
  await primary.die();
  await until(() => bench.tierChanges.includes('failover 0->1'), { what: 'the failover' });
  primary = await StubCalculator.start({ instance: 'one', port: primary.port });
  await until(() => bench.tierChanges.includes('failback 1->0'), { what: 'the failback' });
  const byOne: boolean[] = [];
  const isBack = (): boolean => byOne.length >= 100 && byOne.slice(-100).every(Boolean);
  while (!isBack()) byOne.push((await add(client)).instance === 'one');
  const shareOf = (calls: readonly boolean[]): number => calls.filter(Boolean).length / calls.length;
  const ramp = byOne.slice(0, byOne.lastIndexOf(false) + 1);
  expect(ramp.length).toBeGreaterThan(40);
  expect(shareOf(ramp.slice(0, ramp.length / 4))).toBeLessThan(0.5);
  expect(shareOf(ramp.slice(-ramp.length / 4))).toBeGreaterThan(0.5);
  expect(bench.tierChanges).toEqual(['start -->0', 'failover 0->1', 'failback 1->0']);
});

it('leaves a primary that says NOT_SERVING, without cutting the calls that it still works on', async () => {
  const client = bench.client();
  await add(client);
  await backupIsWarm();
  let release = (): void => undefined;
  primary.hold = new Promise((resolve) => (release = resolve));
  const slow = memoryAdd(client, 'slow');
  await until(() => primary.executed.get('MemoryAdd') === 1, { what: 'the slow call to be in flight' });
  primary.setServing(false);
  await until(() => bench.tierChanges.includes('failover 0->1'), { what: 'the failover' });
  expect((await add(client)).instance).toBe('two');
  release();
  expect((await slow).instance).toBe('one');
});

it('leaves a primary that the catalog calls critical, and still uses it when nobody else is left', async () => {
  const client = bench.client();
  await add(client);
  await backupIsWarm();
  await bench.registry.beat('one', 'critical', 'its disk is full');
  await until(() => bench.tierChanges.includes('failover 0->1'), { what: 'the failover' });
  expect((await add(client)).instance).toBe('two');
  await backup.die();
  await third.die();
  await until(() => bench.tierChanges.at(-1)?.endsWith('->0'), { what: 'the last resort' });
  expect((await add(client)).instance).toBe('one');
});

it('hides a primary that answers every call UNAVAILABLE from safe calls', async () => {
  const client = bench.client();
  await add(client);
  await backupIsWarm();
  primary.failWith = status.UNAVAILABLE;
  const answers = await Promise.all(Array.from({ length: 30 }, () => add(client)));
  expect(new Set(answers.map((answer) => answer.instance))).toEqual(new Set(['two']));
  await until(() => bench.tierChanges.includes('failover 0->1'), { what: 'the failover' });
  expect((await memoryAdd(client, 'x')).instance).toBe('two');
});

it('spreads the calls evenly over the instances of one tier', async () => {
  await bench.register(backup, 0);
  await bench.register(third, 0);
  const client = bench.client();
  await until(
    async () => [(await add(client)).instance, primary.connections, backup.connections, third.connections].join(),
    { what: 'a first call' },
  );
  await until(() => backup.connections + third.connections === 2, { what: 'all connections' });
  const seen = new Map<string, number>();
  await until(async () => (await add(client)).instance !== 'one', { what: 'all three to take part' });
  for (let call = 0; call < 300; call += 1) {
    const { instance } = await add(client);
    seen.set(instance, (seen.get(instance) ?? 0) + 1);
  }
  expect(seen).toEqual(
    new Map([
      ['one', 100],
      ['two', 100],
      ['three', 100],
    ]),
  );
});

it('spreads the calls by the weights of the catalog when the target asks for it', async () => {
  await bench.register(primary, 0, 'passing', 5);
  await bench.register(backup, 0, 'passing', 3);
  await bench.register(third, 0, 'passing', 2);
  const client = bench.client('calculator?policy=weighted_round_robin');
  await add(client);
  await until(() => backup.connections + third.connections === 2, { what: 'all connections' });
  await until(async () => (await add(client)).instance !== 'one', { what: 'all to take part' });
  const seen: Record<string, number> = {};
  for (let call = 0; call < 200; call += 1) {
    const { instance } = await add(client);
    seen[instance] = (seen[instance] ?? 0) + 1;
  }
  expect(seen['one']).toBeGreaterThan(90);
  expect(seen['two']).toBeGreaterThan(50);
  expect(seen['three']).toBeGreaterThan(30);
});
