/** Calls with more than one message: saved like others before the first answer, ended clearly after it. */
import { status, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import type { CalculatorClient } from '../../../proto/calculator';
import type { Answer__Output } from '../../../proto/generated/calculator/v1/Answer';
import { startCalculator, type CalculatorProcess } from '../../../scripts/chaos/calculator-process';
import { add, ClientBench } from '../../support/client-bench';
import { until } from '../../../scripts/chaos/until';

jest.setTimeout(60_000);

let servers: readonly CalculatorProcess[];
let bench: ClientBench;
let client: CalculatorClient;

beforeEach(async () => {
  servers = await Promise.all(['one', 'two'].map((name) => startCalculator({ instance: name, allowFaults: true })));
  bench = new ClientBench();
  await bench.registerTiers(...servers);
  client = bench.client();
  await until(async () => (await add(client)).instance === 'one', { what: 'the first call' });
});

afterEach(async () => {
  await bench.close();
  await Promise.all(servers.map((server) => server.stop()));
});

const failedOver = (): Promise<unknown> =>
  until(() => bench.tierChanges.includes('failover 0->1'), { what: 'the failover' });

/** What a reader of a stream sees. */
class Reading {
  readonly answers: Answer__Output[] = [];
  error: ServiceError | null = null;
  readonly over: Promise<void>;

  constructor(readonly stream: ClientReadableStream<Answer__Output>) {
    stream.on('data', (answer: Answer__Output) => this.answers.push(answer));
    stream.on('error', (error: ServiceError) => (this.error = error));
    this.over = new Promise((resolve) => void stream.once('status', () => resolve()));
  }
}

const series = (count: number, intervalMs: number): Reading =>
  new Reading(client.Series({ from: 1, count, intervalMs }, { deadline: Date.now() + 30_000 }));

it('a stream of which nothing has come yet is saved when its server is killed', async () => {
  await servers[0]!.setFault({ kind: 'SLOW', delayMs: 20_000 });
  const reading = Array.from({ length: 5 }, () => series(3, 1));
  await until(() => bench.understudy.counters('calculator').attempts >= 6, { what: 'the attempts' });
  servers[0]!.signal('SIGKILL');
  await Promise.all(reading.map(({ over }) => over));
  for (const { answers, error } of reading) {
    expect(error).toBeNull();
    expect(answers.map(({ value, instance }) => `${value} ${instance}`)).toEqual(['1 two', '2 two', '3 two']);
  }
});

it('a stream that has begun ends UNAVAILABLE when its server is killed, and is not begun anew', async () => {
  const reading = series(1_000_000, 10);
  await until(() => reading.answers.length > 3, { what: 'the first answers' });
  servers[0]!.signal('SIGKILL');
  await reading.over;
  expect(reading.error?.code).toBe(status.UNAVAILABLE);
  const values = reading.answers.map(({ value }) => value);
  expect(values).toEqual(values.map((_, at) => at + 1));
  expect(new Set(reading.answers.map(({ instance }) => instance))).toEqual(new Set(['one']));
});

it('a stream that has begun ends UNAVAILABLE, and says why, when its server hangs', async () => {
  const reading = series(1_000_000, 10);
  await until(() => reading.answers.length > 3, { what: 'the first answers' });
  servers[0]!.signal('SIGSTOP');
  await failedOver();
  await reading.over;
  servers[0]!.signal('SIGCONT');
  expect(reading.error).toMatchObject({
    code: status.UNAVAILABLE,
    details: expect.stringMatching(/^one: silent for \d+ ms .* its connection is given up$/) as string,
  });
});

it('a stream with long pauses is left alone, and costs hardly any heartbeat', async () => {
  const reading = series(3, 1_500);
  await reading.over;
  expect(reading.error).toBeNull();
  expect(reading.answers.map(({ value }) => value)).toEqual([1, 2, 3]);
  expect(bench.tierChanges).toEqual(['start -->0']);
});

it('a stream of questions is repeated whole when its server is killed before it has answered', async () => {
  await servers[0]!.setFault({ kind: 'SLOW', delayMs: 20_000 });
  const answered = new Promise<Answer__Output>((resolve, reject) => {
    const call = client.Sum({ deadline: Date.now() + 30_000 }, (error, answer) => {
      if (error === null) resolve(answer!);
      else reject(error);
    });
    for (const value of [1, 2, 3]) call.write({ value });
    call.end();
  });
  await until(() => bench.understudy.counters('calculator').attempts >= 2, { what: 'the attempt' });
  servers[0]!.signal('SIGKILL');
  expect(await answered).toEqual({ value: 6, instance: 'two' });
});

it('streams in both directions stay with one server, and end UNAVAILABLE with it', async () => {
  const call = client.RunningTotal({ deadline: Date.now() + 30_000 });
  const reading = new Reading(call);
  call.write({ value: 1 });
  await until(() => reading.answers.length === 1, { what: 'the first answer' });
  call.write({ value: 2 });
  await until(() => reading.answers.length === 2, { what: 'the second answer' });
  servers[0]!.signal('SIGKILL');
  await reading.over;
  expect(reading.answers.map(({ value, instance }) => `${value} ${instance}`)).toEqual(['1 one', '3 one']);
  expect(reading.error?.code).toBe(status.UNAVAILABLE);
});
