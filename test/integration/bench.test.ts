/** The bench as a user starts it, as short as it can be: that it measures, writes and leaves nothing behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Results } from '../../scripts/bench/results';
import { LONG_CHAOS } from '../support/chaos/long-form';
import { processesWith } from '../support/processes';
import { ROOT } from '../../scripts/chaos/program';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(120_000);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-test-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function bench(...flags: string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, ['-r', 'ts-node/register/transpile-only', 'scripts/bench.ts', ...flags], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

it('measures the call path and what settings cost, writes figures, page and plot, and leaves nothing running', async () => {
  const file = join(folder, 'results', 'benchmarks.json');
  const flags = ['--rounds', '1', '--calls', '20', '--concurrency', '4', '--json', file];
  const { code, output } = await bench('--quick', '--only', 'call-path,settings', ...flags);
  expect(output).toContain('naive loop');
  expect(output).toContain('Understudy, no hedging');
  expect(code).toBe(0);

  const { callPath, settings } = JSON.parse(readFileSync(file, 'utf8')) as Results;
  for (const rows of [callPath?.rows ?? [], settings?.rows ?? []]) {
    const itself = { median: 1, margin: 0 };
    expect(rows.find(({ variant }) => variant === 'raw')).toMatchObject({ callsRatio: itself, cpuRatio: itself });
    expect(rows.every(({ callsPerSecond, cpuMsPer1000 }) => callsPerSecond > 0 && cpuMsPer1000 > 0)).toBe(true);
  }
  const page = readFileSync(join(folder, 'results', 'benchmarks.md'), 'utf8');
  expect(page).toContain('images/bench-call-path.svg');
  expect(page).not.toContain(folder);
  expect(readFileSync(join(folder, 'results', 'images', 'bench-call-path.svg'), 'utf8')).toMatch(/^<svg /);

  expect(readdirSync(folder).filter((name) => name.startsWith('understudy'))).toEqual([]);
  await until(() => processesWith(folder).length === 0, { what: 'every process of the run to be gone' });
});

it('plays a fault with a peer beside Understudy, and keeps both apart and the page whole', async () => {
  const file = join(folder, 'results', 'benchmarks.json');
  const flags = ['--faults', 'kill -9', '--peers', 'naive loop', '--json', file];
  const { code, output } = await bench('--quick', '--only', 'failover', ...flags);
  expect(output).toContain('Unsafe calls executed twice');
  expect(code).toBe(0);

  const { failover, peers } = JSON.parse(readFileSync(file, 'utf8')) as Results;
  expect(failover?.rows).toMatchObject([{ fault: 'kill -9', runs: 1 }]);
  expect(peers?.rows).toMatchObject([
    { caller: 'Understudy', fault: 'kill -9' },
    { caller: 'naive loop', fault: 'kill -9', runs: 1 },
  ]);
  const page = readFileSync(join(folder, 'results', 'benchmarks.md'), 'utf8');
  expect(page).toContain('images/bench-peers-gap.svg');

  expect(readdirSync(folder).filter((name) => name.startsWith('understudy'))).toEqual([]);
  await until(() => processesWith(folder).length === 0, { what: 'every process of the run to be gone' });
});

interface Table {
  readonly part: 'pick' | 'recovery';
  readonly key: string;
  readonly found: readonly string[];
  readonly head: string;
}

const PICK: Table = { part: 'pick', key: 'policy', found: ['round_robin', 'least_request'], head: 'ns per pick' };
/** Waits until servers count as stable, so in the long form alone; see LONG_CHAOS. */
const RECOVERY: Table = { part: 'recovery', key: 'fault', found: ['kill -9', 'SIGSTOP'], head: '300 ms server' };

it.each(LONG_CHAOS ? [PICK, RECOVERY] : [PICK])(
  'measures $part, which is one table, and keeps what the file held of others',
  async (table) => {
    const { part, key, found, head } = table;
    const file = join(folder, 'benchmarks.json');
    writeFileSync(file, JSON.stringify({ events: { rows: [] } }));
    const { code, output } = await bench('--quick', '--only', part, '--json', file);
    expect(output).toContain(`${part}: took `);
    expect(code).toBe(0);

    const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
    expect(results.events).toEqual({ rows: [] });
    expect(results[part]?.rows.map((row) => row[key])).toEqual(expect.arrayContaining(found));
    expect(readFileSync(join(folder, 'benchmarks.md'), 'utf8')).toContain(head);
    expect(readdirSync(folder).filter((name) => name.startsWith('understudy'))).toEqual([]);
    await until(() => processesWith(folder).length === 0, { what: 'every process of the run to be gone' });
  },
);

it('refuses a part that it does not know, without a stack trace', async () => {
  const { code, output } = await bench('--only', 'everything');
  expect(code).toBe(2);
  expect(output).toContain('Allowed are call-path, settings, failover, ');
  expect(output).not.toContain('    at ');
});
