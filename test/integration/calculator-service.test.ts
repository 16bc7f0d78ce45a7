import { join } from 'node:path';
import { loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { calculatorPackage, calculatorService, faultsService } from '../../proto/calculator';
import type { CalculatorClient } from '../../proto/calculator';
import type { Answer__Output } from '../../proto/generated/calculator/v1/Answer';
import { startCalculator } from '../../scripts/chaos/calculator-process';
import type { CalculatorProcess } from '../../scripts/chaos/calculator-process';
import { checkHealth } from '../support/health-calls';
import { unary } from '../../scripts/chaos/unary';

const { Add, Subtract, Multiply, Divide, MemoryAdd, MemoryRecall, MemoryClear } = calculatorService;

describe('the Calculator over a real socket', () => {
  let calculator: CalculatorProcess;
  let client: CalculatorClient;
  beforeAll(async () => {
    calculator = await startCalculator({ instance: 'calculator-7' });
    client = calculator.client();
  });
  afterAll(() => calculator.stop());

  const series = async (from: number, count: number, intervalMs: number): Promise<readonly number[]> => {
    const values: number[] = [];
    const call = client.Series({ from, count, intervalMs }, { deadline: Date.now() + 20_000 });
    for await (const answer of call) values.push((answer as Answer__Output).value);
    return values;
  };

  it.each([
    ['Add', Add, 5],
    ['Subtract', Subtract, 1],
    ['Multiply', Multiply, 6],
    ['Divide', Divide, 1.5],
  ])('answers %s with the value and its own name', async (_name, method, value) => {
    expect(await unary(client, method, { left: 3, right: 2 })).toEqual({ value, instance: 'calculator-7' });
  });

  it('counts a field that was not sent as zero', async () => {
    expect(await unary(client, Add, { left: 4 })).toMatchObject({ value: 4 });
    await expect(unary(client, Divide, { left: 4 })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('tells a mistake of the caller from a result that does not fit', async () => {
    await expect(unary(client, Divide, { left: 1, right: 0 })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: '1 / 0: division by zero has no answer',
    });
    await expect(unary(client, Add, { left: NaN, right: 0 })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(unary(client, Multiply, { left: 1e300, right: 1e300 })).rejects.toMatchObject({
      code: status.OUT_OF_RANGE,
    });
  });

  it('keeps a memory, executes the same id twice, and refuses an empty one', async () => {
    await unary(client, MemoryClear, {});
    expect(await unary(client, MemoryAdd, { id: 'a', amount: 2 })).toEqual({ value: 2, instance: 'calculator-7' });
    expect(await unary(client, MemoryAdd, { id: 'a', amount: 2 })).toMatchObject({ value: 4 });
    await expect(unary(client, MemoryAdd, { amount: 2 })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await unary(client, MemoryRecall, {})).toMatchObject({ value: 4 });
    expect(await unary(client, MemoryClear, {})).toMatchObject({ value: 0 });
    expect(await unary(client, MemoryRecall, {})).toMatchObject({ value: 0 });
  });

  it('streams a series, also an empty one and one longer than any buffer', async () => {
    expect(await series(5, 3, 1)).toEqual([5, 6, 7]);
    expect(await series(5, 0, 1)).toEqual([]);
    const long = await series(0, 20_000, 0);
    expect([long.length, long.at(-1)]).toEqual([20_000, 19_999]);
  });

  it('refuses a series that makes no sense', async () => {
    await expect(series(0, -1, 0)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(series(0, 1, -1)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(series(Infinity, 1, 0)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('adds a stream of operands up, and refuses one that is no number', async () => {
    const sum = (...values: readonly number[]): Promise<number> =>
      new Promise((resolve, reject) => {
        const call = client.Sum({ deadline: Date.now() + 5_000 }, (error, answer) => {
          if (error === null) resolve(answer!.value);
          else reject(error);
        });
        for (const value of values) call.write({ value });
        call.end();
      });
    expect(await sum(1, 2, 3.5)).toBe(6.5);
    expect(await sum()).toBe(0);
    await expect(sum(1, NaN, 2)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('answers each operand of a running total', async () => {
    const totals = async (...values: readonly number[]): Promise<readonly number[]> => {
      const call = client.RunningTotal({ deadline: Date.now() + 5_000 });
      for (const value of values) call.write({ value });
      call.end();
      const answers: number[] = [];
      for await (const answer of call) answers.push((answer as Answer__Output).value);
      return answers;
    };
    expect(await totals(1, 2, 3)).toEqual([1, 3, 6]);
    await expect(totals(1, Infinity)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('says that it serves, as a whole and by the name of its service', async () => {
    expect(await checkHealth(client)).toBe('SERVING');
    expect(await checkHealth(client, 'calculator.v1.Calculator')).toBe('SERVING');
    await expect(checkHealth(client, 'other')).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  it('has no Faults service unless it was allowed', async () => {
    await expect(calculator.setFault({ kind: 'SICK' })).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await expect(unary(client, faultsService.GetFault, {})).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });

  it('lists its services by reflection', async () => {
    expect(await listServices(client)).toEqual(['calculator.v1.Calculator', 'grpc.health.v1.Health']);
  });
});

describe('the proto', () => {
  it('says of each method whether it may be sent again', () => {
    const levels = Object.entries(calculatorPackage['calculator.v1.Calculator'] as ServiceDefinition).map(
      ([name, method]) => [name, method.options.idempotency_level],
    );
    expect(Object.fromEntries(levels)).toEqual({
      Add: 'NO_SIDE_EFFECTS',
      Subtract: 'NO_SIDE_EFFECTS',
      Multiply: 'NO_SIDE_EFFECTS',
      Divide: 'NO_SIDE_EFFECTS',
      MemoryAdd: 'IDEMPOTENCY_UNKNOWN',
      MemoryRecall: 'NO_SIDE_EFFECTS',
      MemoryClear: 'IDEMPOTENT',
      Series: 'NO_SIDE_EFFECTS',
      Sum: 'NO_SIDE_EFFECTS',
      RunningTotal: 'NO_SIDE_EFFECTS',
    });
  });
});

/** Asks as grpcurl would. */
async function listServices(client: CalculatorClient): Promise<readonly string[]> {
  const folder = join(require.resolve('@grpc/reflection/package.json'), '..', 'build', 'proto');
  const loaded = loadPackageDefinition(loadSync(join(folder, 'grpc/reflection/v1/reflection.proto'))) as unknown as {
    grpc: { reflection: { v1: { ServerReflection: { service: Readonly<Record<string, ReflectionMethod>> } } } };
  };
  const { path, requestSerialize, responseDeserialize } =
    loaded.grpc.reflection.v1.ServerReflection.service['ServerReflectionInfo']!;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, {
    deadline: Date.now() + 5_000,
  });
  call.write({ listServices: '' });
  call.end();
  const names: string[] = [];
  for await (const reply of call) {
    names.push(...(reply as ReflectionReply).listServicesResponse.service.map(({ name }) => name));
  }
  return names.sort();
}

interface ReflectionReply {
  readonly listServicesResponse: { readonly service: readonly { readonly name: string }[] };
}

interface ReflectionMethod {
  readonly path: string;
  readonly requestSerialize: (request: { readonly listServices: string }) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => ReflectionReply;
}
