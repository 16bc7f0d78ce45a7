import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLedger } from '../../calculator/ledger';
import { calculatorService } from '../../proto/calculator';
import type { CalculatorClient } from '../../proto/calculator';
import { startCalculator } from '../../scripts/chaos/calculator-process';
import type { CalculatorProcess, StartOptions } from '../../scripts/chaos/calculator-process';
import { unary } from '../../scripts/chaos/unary';
import { until } from '../../scripts/chaos/until';

const { Add, MemoryAdd, MemoryRecall } = calculatorService;

describe('a Calculator process', () => {
  const started: CalculatorProcess[] = [];
  let folder: string;
  const start = async (options: Partial<StartOptions> = {}): Promise<CalculatorProcess> => {
    const calculator = await startCalculator({ instance: 'calculator-1', ...options });
    started.push(calculator);
    return calculator;
  };
  const failure = (options: Partial<StartOptions>): Promise<string> =>
    start(options).then(
      () => 'it started',
      (error: unknown) => String(error),
    );
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'calculator-'))));
  afterEach(() => Promise.all(started.splice(0).map((calculator) => calculator.stop())));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('writes every execution into its ledger before it answers, with both of the same id', async () => {
    const ledger = join(folder, 'both.jsonl');
    const client = (await start({ ledger })).client();
    for (const amount of [1, 2]) {
      await unary(client, MemoryAdd, { id: 'same', amount });
      expect(readLedger(ledger).entries).toHaveLength(amount);
    }
    await expect(unary(client, MemoryAdd, { id: '', amount: 1 })).rejects.toThrow('id must not be empty');
    const { entries } = readLedger(ledger);
    expect(entries).toMatchObject([
      { id: 'same', amount: 1, instance: 'calculator-1' },
      { id: 'same', amount: 2, instance: 'calculator-1' },
    ]);
    expect(Date.parse(entries[0]!.stamp)).toBeLessThanOrEqual(Date.now());
  });

  it('has every acknowledged addition in its ledger after kill -9 under load', async () => {
    const ledger = join(folder, 'killed.jsonl');
    const calculator = await start({ ledger });
    const acknowledged: string[] = [];
    const caller = async (client: CalculatorClient, name: string): Promise<void> => {
      for (let call = 0; ; call += 1) {
        const id = `${name}-${call}`;
        await unary(client, MemoryAdd, { id, amount: 1 });
        acknowledged.push(id);
      }
    };
    const client = calculator.client();
    const load = Promise.allSettled(Array.from({ length: 16 }, (_, name) => caller(client, String(name))));
    await until(() => acknowledged.length > 500, { what: '500 answers' });
    calculator.signal('SIGKILL');
    expect(await calculator.exited).toMatchObject({ code: null, signal: 'SIGKILL' });
    await load;

    const { entries, torn } = readLedger(ledger);
    const written = new Set(entries.map(({ id }) => id));
    expect(acknowledged.filter((id) => !written.has(id))).toEqual([]);
    expect(written.size).toBe(entries.length);
    expect(torn).toBeLessThanOrEqual(1);

    const successor = await start({ ledger, instance: 'calculator-2', port: calculator.port });
    await unary(successor.client(), MemoryAdd, { id: 'after', amount: 1 });
    expect(await unary(successor.client(), MemoryRecall, {})).toMatchObject({ value: 1, instance: 'calculator-2' });
    expect(readLedger(ledger).entries.at(-1)).toMatchObject({ id: 'after', instance: 'calculator-2' });
  });

  it('answers others while its disk takes nothing, and an addition when it is written', async () => {
    const ledger = join(folder, 'stuck.fifo');
    execFileSync('mkfifo', [ledger]);
    const calculator = await start({ ledger });
    const client = calculator.client();
    let answered = 0;
    // A pipe takes no more than 64 KiB that nobody reads, and keeps its writer waiting then.
    const additions = Array.from({ length: 10 }, async (_, place) => {
      await unary(client, MemoryAdd, { id: `${place}`.repeat(10_000), amount: 1 });
      answered += 1;
    });
    await until(() => answered > 0, { what: 'the first addition' });
    for (let left = 0; left < 20; left += 1) {
      expect(await unary(client, Add, { left, right: 1 })).toMatchObject({ value: left + 1 });
    }
    expect(answered).toBeLessThan(10);
    const readUp = once(createReadStream(ledger).resume(), 'close');
    await Promise.all(additions);
    expect(await unary(client, MemoryRecall, {})).toMatchObject({ value: 10 });
    await calculator.stop();
    await readUp;
  });

  it('says that its port is in use, in one line and with exit code 2', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(
      `ended with code 2 without saying "listening": calculator: 127.0.0.1:${port} is in use: ` +
        'choose another --port, or 0 for any free one\n',
    );
  });

  it.each([
    [['--port', '65536'], /^error: option '--port <number>' argument '65536' is invalid\. .* from 0 to 65535\.\n$/],
    [['--service-time-ms', '-1'], /^error: .*service-time-ms.*\n$/],
    [['--drain-grace-ms', '5', '--drain-timeout-ms', '5'], /^calculator: a drain needs 0 <= graceMs < timeoutMs.*\n$/],
    [['--ledger', '/missing/folder/ledger'], /^calculator: ENOENT.*\/missing\/folder\/ledger'\n$/],
    [['--unknown'], /^error: unknown option '--unknown'\n$/],
    [['extra'], /^error: too many arguments.*\n$/],
  ])('answers the mistake %j with one line and exit code 2', async (args, line) => {
    const [, stderr] = /ended with code 2 without saying "listening": ([^]*)$/.exec(await failure({ args })) ?? [];
    expect(stderr).toMatch(line);
  });
});
