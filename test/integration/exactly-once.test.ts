import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, status } from '@grpc/grpc-js';
import { readLedger, type LedgerEntry } from '../../calculator/ledger';
import { CALL_ID_KEY, newCallId } from '../../index';
import type { CalculatorClient } from '../../proto/calculator';
import type { Answer__Output } from '../../proto/generated/calculator/v1/Answer';
import { startCalculator, type CalculatorProcess } from '../../scripts/chaos/calculator-process';
import { checkHealth } from '../support/health-calls';
import { seeded } from '../support/statistics';
import { until } from '../../scripts/chaos/until';

const NAMES = ['calculator-1', 'calculator-2', 'calculator-3'];

let root: string;
let calculators: CalculatorProcess[];

const ledgerOf = (instance: string): string => join(root, `${instance}.ledger`);
const executed = (): readonly LedgerEntry[] => NAMES.flatMap((name) => readLedger(ledgerOf(name)).entries);

function start(instance: string, port = 0): Promise<CalculatorProcess> {
  const args = ['--exactly-once', join(root, 'calls')];
  return startCalculator({ instance, port, ledger: ledgerOf(instance), allowFaults: true, args });
}

/** One attempt of one wish. */
function attempt(client: CalculatorClient, wish: string, call: string, deadlineMs = 5_000): Promise<Answer__Output> {
  const metadata = new Metadata();
  metadata.set(CALL_ID_KEY, call);
  return new Promise((resolve, reject) => {
    client.MemoryAdd({ id: wish, amount: 1 }, metadata, { deadline: Date.now() + deadlineMs }, (error, answer) => {
      if (error === null && answer !== undefined) resolve(answer);
      else reject(error ?? new Error('answered with nothing'));
    });
  });
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'understudy-exactly-once-'));
  calculators = await Promise.all(NAMES.map((name) => start(name)));
});

afterEach(async () => {
  await Promise.all(calculators.map((calculator) => calculator.stop()));
  rmSync(root, { recursive: true });
});

it('answers a repetition for a calculator that was killed between the execution and the answer', async () => {
  const [first, second] = calculators as [CalculatorProcess, CalculatorProcess];
  // Executes at once, and answers late.
  await first.setFault({ kind: 'SLOW', delayMs: 60_000 });
  const call = newCallId();
  const end = attempt(first.client(), 'wish', call).catch((error: unknown) => error);
  await until(() => executed().length === 1, { what: 'the call to be executed' });
  first.signal('SIGKILL');
  expect(await end).toMatchObject({ code: status.UNAVAILABLE });
  expect(await attempt(second.client(), 'wish', call)).toEqual({ value: 1, instance: 'calculator-1' });
  expect(executed()).toMatchObject([{ id: 'wish', instance: 'calculator-1', call }]);
});

it('executes a repetition of a call that a hung calculator never read, and not again when that wakes up', async () => {
  const [first, second] = calculators as [CalculatorProcess, CalculatorProcess];
  const client = first.client();
  await checkHealth(client);
  first.signal('SIGSTOP');
  const call = newCallId();
  await expect(attempt(client, 'wish', call, 300)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  expect(await attempt(second.client(), 'wish', call)).toEqual({ value: 1, instance: 'calculator-2' });
  first.signal('SIGCONT');
  // What was sent to it before is read before this.
  expect(await checkHealth(client)).toBe('SERVING');
  expect(await attempt(client, 'wish', call)).toEqual({ value: 1, instance: 'calculator-2' });
  expect(executed()).toHaveLength(1);
});

it('adds every wish exactly once while calculators are killed again and again', async () => {
  const rng = seeded(Date.now() % 2 ** 31);
  const over = new AbortController();
  let kills = 0;
  const killing = (async () => {
    while (!over.signal.aborted) {
      const place = Math.floor(rng() * calculators.length);
      const victim = calculators[place]!;
      const before = executed().length;
      await until(() => over.signal.aborted || executed().length > before + 20 * rng(), {
        what: 'some calls to be executed',
      });
      victim.signal('SIGKILL');
      await victim.exited;
      kills += 1;
      calculators[place] = await start(victim.instance, victim.port);
    }
  })();

  const clients = calculators.map((calculator) => calculator.client());
  let given = 0;
  const WISHES = 600;
  const caller = async (): Promise<void> => {
    while (given < WISHES || kills < 5) {
      given += 1;
      const wish = `wish-${given}`;
      const call = newCallId();
      for (let acknowledged = false; !acknowledged;) {
        const client = clients[Math.floor(rng() * clients.length)]!;
        acknowledged = await attempt(client, wish, call, 10_000).then(
          () => true,
          (error: unknown) => {
            // Killed, or not started yet; nothing else may happen.
            expect(error).toMatchObject({ code: status.UNAVAILABLE });
            return false;
          },
        );
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, caller));
  over.abort();
  await killing;
  for (const client of clients) client.close();

  const wishes = executed().map(({ id }) => id);
  expect(wishes).toHaveLength(given);
  expect(new Set(wishes).size).toBe(given);
  expect(kills).toBeGreaterThanOrEqual(5);
});

it('says what is missing when it is told to remember calls without a ledger', async () => {
  await expect(startCalculator({ instance: 'x', args: ['--exactly-once', root] })).rejects.toThrow(
    '--exactly-once needs --ledger',
  );
});
