import { status } from '@grpc/grpc-js';
import { calculatorService, faultsService } from '../../proto/calculator';
import type { CalculatorClient } from '../../proto/calculator';
import type { Answer__Output } from '../../proto/generated/calculator/v1/Answer';
import type { Fault } from '../../proto/generated/calculator/v1/Fault';
import { startCalculator } from '../../scripts/chaos/calculator-process';
import type { CalculatorProcess } from '../../scripts/chaos/calculator-process';
import { checkHealth, watchHealth } from '../support/health-calls';
import { unary } from '../../scripts/chaos/unary';
import { until } from '../../scripts/chaos/until';

const { Add, MemoryAdd, MemoryRecall } = calculatorService;
const { GetFault } = faultsService;
const SUM = { left: 2, right: 3 };

/** Long against an answer, short against a test. */
const SOON_MS = 300;

describe('a Calculator that was made ill', () => {
  let calculator: CalculatorProcess;
  let client: CalculatorClient;
  beforeAll(async () => {
    calculator = await startCalculator({ instance: 'calculator-1', allowFaults: true });
    client = calculator.client();
  });
  afterEach(() => calculator.setFault({ kind: 'NONE' }));
  afterAll(() => calculator.stop());

  const add = (deadlineMs?: number): Promise<number> => unary(client, Add, SUM, deadlineMs).then(({ value }) => value);

  it('is healthy again when the fault is taken back, and says which one is on', async () => {
    await calculator.setFault({ kind: 'SLOW', delayMs: 20 });
    expect(await unary(client, GetFault, {})).toEqual({ fault: { kind: 2, delayMs: 20 }, instance: 'calculator-1' });
    await calculator.setFault({ kind: 'NONE' });
    expect(await unary(client, GetFault, {})).toEqual({ fault: { kind: 0, delayMs: 0 }, instance: 'calculator-1' });
    expect(await add()).toBe(5);
  });

  it('HANG: accepts calls and health checks and answers none of them', async () => {
    await calculator.setFault({ kind: 'HANG' });
    await expect(add(SOON_MS)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await expect(checkHealth(client, '', SOON_MS)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await calculator.setFault({ kind: 'NONE' });
    expect(await add()).toBe(5);
  });

  it('SLOW: answers late, health checks and refusals too, but executes at once', async () => {
    await unary(client, calculatorService.MemoryClear, {});
    await calculator.setFault({ kind: 'SLOW', delayMs: 1_000 });
    await expect(add(SOON_MS)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    const late = unary(client, MemoryAdd, { id: 'late', amount: 4 });
    // Read after the late call, on the same connection, and never slow.
    await unary(client, faultsService.SetFault, { kind: 'NONE' });
    expect(await unary(client, MemoryRecall, {})).toMatchObject({ value: 4 });
    expect(await late).toMatchObject({ value: 4 });

    await calculator.setFault({ kind: 'SLOW', delayMs: 50 });
    const startedMs = performance.now();
    expect(await add()).toBe(5);
    expect(await checkHealth(client)).toBe('SERVING');
    await expect(unary(client, calculatorService.Divide, { left: 1 })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    // Timers of Node may fire a millisecond early.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(3 * 49);
  });

  it('SLOW: lets a stream begin late and go on as usual', async () => {
    await calculator.setFault({ kind: 'SLOW', delayMs: 50 });
    const values: number[] = [];
    const call = client.Series({ from: 1, count: 100 }, { deadline: Date.now() + 5_000 });
    for await (const answer of call) values.push((answer as Answer__Output).value);
    expect(values).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  it('UNAVAILABLE: refuses work while health says that all is well', async () => {
    await unary(client, calculatorService.MemoryClear, {});
    await calculator.setFault({ kind: 'UNAVAILABLE' });
    await expect(add()).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: 'the fault UNAVAILABLE is switched on',
    });
    await expect(unary(client, MemoryAdd, { id: 'a', amount: 1 })).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(await checkHealth(client)).toBe('SERVING');
    await calculator.setFault({ kind: 'NONE' });
    expect(await unary(client, MemoryRecall, {})).toMatchObject({ value: 0 });
  });

  it('NOT_SERVING: says that it is ill, also to watchers, and still answers', async () => {
    const watch = watchHealth(client, 'calculator.v1.Calculator');
    await until(() => watch.seen.length === 1, { what: 'the first status' });
    await calculator.setFault({ kind: 'NOT_SERVING' });
    expect(await checkHealth(client)).toBe('NOT_SERVING');
    expect(await add()).toBe(5);
    await calculator.setFault({ kind: 'NONE' });
    await until(() => watch.seen.length === 3, { what: 'three statuses' });
    expect(watch.seen).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
    watch.cancel();
    expect(await watch.ended).toMatchObject({ code: status.CANCELLED });
  });

  it('SICK: says that it is ill and refuses work', async () => {
    await calculator.setFault({ kind: 'SICK' });
    expect(await checkHealth(client)).toBe('NOT_SERVING');
    await expect(add()).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it.each<[Fault, string]>([
    [{ kind: 'SLOW' }, 'delay_ms must be more than 0 for SLOW, it is 0'],
    [{ kind: 'HANG', delayMs: 5 }, 'delay_ms is for SLOW alone: with HANG it must be 0, it is 5'],
  ])('refuses the fault %j and stays as it is', async (fault, details) => {
    await expect(calculator.setFault(fault)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details });
    expect(await add()).toBe(5);
  });

  it.each<Fault>([{ kind: 'HANG' }, { kind: 'SLOW', delayMs: 400 }])(
    'survives callers that gave up on %j',
    async (fault) => {
      await calculator.setFault(fault);
      const calls = await Promise.allSettled(Array.from({ length: 50 }, () => add(100)));
      expect(calls.map(({ status: end }) => end)).toEqual(Array(50).fill('rejected'));
      await calculator.setFault({ kind: 'NONE' });
      expect(await add()).toBe(5);
    },
  );
});
