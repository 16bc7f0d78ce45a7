import { setTimeout as pause } from 'node:timers/promises';
import { InterceptingCall, status, type Interceptor } from '@grpc/grpc-js';
import { add, ClientBench, memoryAdd } from '../../support/client-bench';
import { StubCalculator } from '../../support/stub-calculator';
import { TcpProxy } from '../../../scripts/chaos/tcp-proxy';
import { until } from '../../../scripts/chaos/until';
import type { RegisterOptions } from '../../../client/register-understudy';

let bench: ClientBench;
let primary: StubCalculator;
let backup: StubCalculator;

async function begin(options: RegisterOptions = {}): Promise<void> {
  bench = new ClientBench({ hedging: false, ejectAfterFailures: 100, ...options });
  [primary, backup] = await Promise.all([
    StubCalculator.start({ instance: 'one' }),
    StubCalculator.start({ instance: 'two' }),
  ]);
  await bench.registerTiers(primary, backup);
}

afterEach(async () => {
  await bench.close();
  await Promise.all([primary.die(), backup.die()]);
});

const warm = (): Promise<unknown> => until(() => backup.connections === 1, { what: 'the backup to be connected' });

describe('which calls are repeated', () => {
  it('is read from the proto', async () => {
    await begin();
    const client = bench.client();
    await add(client);
    await warm();
    primary.failWith = status.UNAVAILABLE;
    expect((await add(client)).instance).toBe('two');
    await expect(memoryAdd(client, 'a')).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it('is nothing at all when nobody said what the methods are, which is told once', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await begin({ services: [] });
    const client = bench.client();
    await add(client);
    await warm();
    primary.failWith = status.UNAVAILABLE;
    await expect(add(client)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining('which methods of calculator.v1.Calculator may be repeated'), 'UnderstudyWarning'],
    ]);
    warn.mockRestore();
  });

  it('may be told per method, which wins over the proto', async () => {
    await begin({
      methods: {
        '/calculator.v1.Calculator/MemoryAdd': 'IDEMPOTENT',
        '/calculator.v1.Calculator/Add': 'IDEMPOTENCY_UNKNOWN',
      },
    });
    const client = bench.client();
    await memoryAdd(client, 'a');
    await warm();
    primary.failWith = status.UNAVAILABLE;
    expect((await memoryAdd(client, 'b')).instance).toBe('two');
    await expect(add(client)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it('leaves out errors that a repetition cannot mend', async () => {
    await begin();
    const client = bench.client();
    await add(client);
    primary.failWith = status.INVALID_ARGUMENT;
    await expect(add(client)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(bench.understudy.counters('calculator')).toMatchObject({
      calls: 2,
      attempts: 2,
      callerErrors: 1,
      failuresSeen: 0,
    });
  });

  it('ends after the attempts that are allowed, and says what the server said', async () => {
    await begin({ maxAttempts: 2 });
    const client = bench.client();
    await add(client);
    await warm();
    primary.failWith = status.UNAVAILABLE;
    backup.failWith = status.UNAVAILABLE;
    await expect(add(client)).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: 'the stub answers UNAVAILABLE',
    });
    expect(bench.understudy.counters('calculator')).toMatchObject({
      calls: 2,
      attempts: 3,
      failuresSeen: 1,
      failuresHidden: 1,
    });
  });
});

describe("the user's own options", () => {
  it("keeps the user's interceptors, and repeats calls below them", async () => {
    await begin();
    const seen: string[] = [];
    const spy: Interceptor = (options, next) => {
      seen.push(options.method_definition.path);
      return new InterceptingCall(next(options));
    };
    const client = bench.client('calculator', { ...bench.understudy.channelOptions, interceptors: [spy] });
    await add(client);
    await warm();
    primary.failWith = status.UNAVAILABLE;
    expect((await add(client)).instance).toBe('two');
    expect(seen).toHaveLength(2);
  });

  it("keeps the timeouts of the user's own service config", async () => {
    await begin();
    const config = {
      methodConfig: [{ name: [{ service: 'calculator.v1.Calculator', method: 'Add' }], timeout: '0.05s' }],
    };
    const client = bench.client('calculator', {
      ...bench.understudy.channelOptions,
      'grpc.service_config': JSON.stringify(config),
    });
    primary.hold = new Promise(() => undefined);
    await expect(add(client, { deadlineMs: 3_600_000 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it('ends a call at its own deadline', async () => {
    await begin();
    const client = bench.client();
    await add(client);
    primary.hold = new Promise(() => undefined);
    await expect(add(client, { deadlineMs: 50 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(bench.understudy.counters('calculator')).toMatchObject({ failuresSeen: 1 });
  });
});

describe('a hedge', () => {
  it('is not sent when a call only had to wait for its first endpoint', async () => {
    await begin({
      hedging: true,
      hedgeFirstDelayMs: 1_500,
      settleMs: 10_000,
      connectDeadlineMs: 5_000,
      quietMs: 5_000,
    });
    const line = await TcpProxy.start(primary.port);
    line.lose(true);
    await bench.register({ instance: 'one', port: line.port }, 0);
    const calls = Array.from({ length: 20 }, () => add(bench.client(), { waitForReady: true, deadlineMs: 20_000 }));
    await pause(1_550);
    line.lose(false);
    const answers = await Promise.all(calls);
    await line.stop();
    expect(new Set(answers.map(({ instance }) => instance))).toEqual(new Set(['one']));
    expect(bench.understudy.counters('calculator')).toMatchObject({ calls: 20, attempts: 20 });
  });
});
