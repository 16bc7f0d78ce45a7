import { ServerInterceptingCall, ServerListenerBuilder, status, type ServerInterceptor } from '@grpc/grpc-js';
import type { CallId } from '../../../core/decide/call-id';
import { calculatorService } from '../../../proto/calculator';
import { CALL_ID_KEY, deduplicate, MemoryDedupStore, type DedupStore } from '../../../server/index';
import { add, ClientBench, memoryAdd } from '../../support/client-bench';
import { StubCalculator } from '../../support/stub-calculator';
import { until } from '../../../scripts/chaos/until';

/** A memory does not believe ids from its own first second; this one seems to be older. */
const begunEarlier = { unixMs: () => Date.now() - 10_000 };

/** What one store remembers for both servers. */
function sharedStore(): DedupStore {
  const inner = new MemoryDedupStore({ clock: begunEarlier });
  return {
    shared: true,
    claim: (id: CallId, fingerprint) => inner.claim(id, fingerprint),
    settle: (id, answer) => inner.settle(id, answer),
    release: (id) => inner.release(id),
  };
}

let bench: ClientBench;
let primary: StubCalculator;
let backup: StubCalculator;
/** Ids of the calls that came in, with the server in front. */
let ids: string[];

const spy =
  (instance: string): ServerInterceptor =>
  (method, call) => {
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        if (method.path.includes('Calculator')) ids.push(`${instance} ${String(metadata.get(CALL_ID_KEY)[0])}`);
        next(metadata);
      })
      .build();
    return new ServerInterceptingCall(call, { start: (next) => next(listener) });
  };

beforeEach(async () => {
  ids = [];
  const store = sharedStore();
  const start = (instance: string): Promise<StubCalculator> =>
    StubCalculator.start({
      instance,
      interceptors: [spy(instance), deduplicate({ services: [calculatorService], store })],
    });
  bench = new ClientBench({ hedging: false, methods: { '/calculator.v1.Calculator/MemoryAdd': 'DEDUPLICATED' } });
  [primary, backup] = await Promise.all([start('one'), start('two')]);
  await bench.registerTiers(primary, backup);
});

afterEach(async () => {
  await bench.close();
  await Promise.all([primary.die(), backup.die()]);
});

const backupIsWarm = (): Promise<unknown> =>
  until(() => backup.connections === 1, { what: 'the backup to be connected' });

it('gives each call an id of its own, and calls of other methods none', async () => {
  const client = bench.client();
  await memoryAdd(client, 'a');
  await memoryAdd(client, 'b');
  await add(client);
  expect(ids).toEqual([expect.stringMatching(/^one \d{13}-/), expect.stringMatching(/^one \d{13}-/), 'one undefined']);
  expect(new Set(ids).size).toBe(3);
});

it('sends an unsafe call again when its server dies with it, and it is executed once', async () => {
  const client = bench.client();
  await add(client);
  await backupIsWarm();
  let finish = (): void => undefined;
  primary.hold = new Promise((resolve) => (finish = resolve));
  const calls = Array.from({ length: 10 }, (_, number) => memoryAdd(client, `id-${number}`));
  await until(() => primary.executed.get('MemoryAdd') === 10, { what: 'the calls to be in flight' });
  await primary.die();
  await until(() => ids.filter((id) => id.startsWith('two')).length === 10, { what: 'the repetitions' });
  // It had executed them, and its last act is to write the answers down.
  finish();
  const answers = await Promise.all(calls);
  expect(new Set(answers.map(({ instance }) => instance))).toEqual(new Set(['one']));
  expect(backup.executed.get('MemoryAdd')).toBeUndefined();
  const [atOne, atTwo] = ['one', 'two'].map((name) =>
    ids.filter((id) => id.startsWith(`${name} 1`)).map((id) => id.slice(4)),
  );
  expect(new Set(atTwo)).toEqual(new Set(atOne));
  expect(bench.understudy.counters('calculator')).toMatchObject({ calls: 11, ok: 11, failuresSeen: 0 });
});

it('sends an unsafe call again that its server did not begin with', async () => {
  const client = bench.client();
  await add(client);
  await backupIsWarm();
  await primary.die();
  expect((await memoryAdd(client, 'a')).instance).toBe('two');
});

it('does not send a call again that was answered with an error', async () => {
  const client = bench.client();
  await add(client);
  primary.failWith = status.INTERNAL;
  await expect(memoryAdd(client, 'a')).rejects.toMatchObject({ code: status.INTERNAL });
  expect(ids.filter((id) => id.startsWith('two'))).toEqual([]);
});
