/** The Calculator's memory and `kill -9`: what was answered is there again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculatorService } from '../../proto/calculator';
import { startCalculator, type CalculatorProcess } from '../../scripts/chaos/calculator-process';
import { unary } from '../../scripts/chaos/unary';

let folder: string;
let calculator: CalculatorProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-memory-'));
});
afterEach(async () => {
  await calculator?.stop();
  rmSync(folder, { recursive: true });
});

async function start(...args: readonly string[]): Promise<CalculatorProcess> {
  calculator = await startCalculator({ instance: 'calculator-1', args: ['--drain-grace-ms', '0', ...args] });
  return calculator;
}

it('holds after kill -9 every addition that was answered, and of the others at most those under way', async () => {
  const memory = ['--memory', join(folder, 'memory.jsonl')];
  const first = await start(...memory);
  const client = first.client();
  await unary(client, calculatorService.MemoryAdd, { id: 'before', amount: 100 });
  await unary(client, calculatorService.MemoryClear, {});
  let [sent, answered] = [0, 0];
  const addUntilItDies = async (): Promise<void> => {
    for (;;) {
      sent += 1;
      const add = unary(client, calculatorService.MemoryAdd, { id: `a-${sent}`, amount: 1 });
      if (!(await add.then(Boolean, () => false))) return;
      answered += 1;
      if (answered === 50) first.signal('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: 20 }, addUntilItDies));
  await first.exited;
  const second = await start(...memory);
  const { value } = await unary(second.client(), calculatorService.MemoryRecall, {});
  expect(value).toBeGreaterThanOrEqual(answered);
  expect(value).toBeLessThanOrEqual(sent);
  const more = await unary(second.client(), calculatorService.MemoryAdd, { id: 'after', amount: 0.5 });
  expect(more.value).toBe(value + 0.5);
});

it('is gone with its process when nobody asked to keep it', async () => {
  const first = await start();
  await unary(first.client(), calculatorService.MemoryAdd, { id: 'a', amount: 1 });
  first.signal('SIGKILL');
  await first.exited;
  const second = await start();
  expect((await unary(second.client(), calculatorService.MemoryRecall, {})).value).toBe(0);
});
