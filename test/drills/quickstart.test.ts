/** The main job as a user starts it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LONG_CHAOS } from '../support/chaos/long-form';
import { processesWith } from '../support/processes';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(120_000);

const ROOT = join(__dirname, '..', '..');

interface Run {
  readonly child: ChildProcess;
  /** Everything it makes lies in here. */
  readonly folder: string;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

const runs: Run[] = [];

function start(...flags: string[]): Run {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-test-'));
  const child = spawn(process.execPath, ['-r', 'ts-node/register/transpile-only', 'scripts/quickstart.ts', ...flags], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const run = { child, folder, output: () => output, ended };
  runs.push(run);
  return run;
}

afterEach(async () => {
  for (const { child, folder, ended } of runs.splice(0)) {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What is ours in the folder: npm and the compiler keep caches of their own in there. */
function files(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith('understudy'));
}

/** A guard shell may need a moment to notice that it is not needed. */
async function expectNothingLeft({ folder }: Run): Promise<void> {
  expect(files(folder)).toEqual([]);
  await until(() => processesWith(folder).length === 0, { what: 'every process of the run to be gone' });
}

async function resultOf(run: Run): Promise<Record<string, unknown>> {
  await run.ended;
  const line = run.output().trim().split('\n').at(-1) ?? '';
  return JSON.parse(line) as Record<string, unknown>;
}

it.each(LONG_CHAOS ? ['kill', 'sick', 'drain'] : ['kill'])(
  '%s: loses no safe call, executes none twice, restarts and returns',
  async (fault) => {
    const run = start('--json', '--seconds', '4', '--fault', fault);
    expect(await resultOf(run)).toMatchObject({
      ok: true,
      lostCalls: 0,
      duplicatedCalls: 0,
      acknowledgedButLost: 0,
      wrongAnswers: 0,
      faults: [],
    });
    expect(await run.ended).toBe(0);
    await expectNothingLeft(run);
  },
);

it('stop: tells the truth about a hung server, and repeats nothing that must not be', async () => {
  const run = start('--json', '--seconds', '4', '--fault', 'stop');
  const result = await resultOf(run);
  expect(result).toMatchObject({ duplicatedCalls: 0, acknowledgedButLost: 0, wrongAnswers: 0 });
  expect(result['failbackMs']).not.toBeNull();
  expect(result['ok']).toBe(result['lostCalls'] === 0);
  expect(await run.ended).toBe(result['ok'] === true ? 0 : 1);
  await expectNothingLeft(run);
});

it.each(LONG_CHAOS ? ['Consul ', 'kill -9'] : ['kill -9'])(
  'leaves nothing behind when it is interrupted after it said "%s"',
  async (said) => {
    const run = start('--seconds', '8');
    await until(() => run.output().includes(said), { what: said, timeoutMs: 60_000 });
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(130);
    await expectNothingLeft(run);
  },
);

it('keeps running until Ctrl-C when asked to, and then ends well', async () => {
  const run = start('--keep', '--seconds', '4', '--fault', 'drain');
  await until(() => run.output().includes('keeps running until Ctrl-C'), {
    what: 'the run to be over',
    timeoutMs: 90_000,
  });
  expect(processesWith(run.folder).length).toBeGreaterThan(0);
  // Says in its own words what was wrong, if anything was.
  expect(run.output()).toContain('✓ no safe call was lost');
  run.child.kill('SIGINT');
  expect(await run.ended).toBe(0);
  await expectNothingLeft(run);
});

it('leaves nothing behind when it is killed itself', async () => {
  const run = start('--seconds', '8');
  await until(() => run.output().includes('load: 200 calls/s'), { what: 'the load', timeoutMs: 60_000 });
  run.child.kill('SIGKILL');
  await run.ended;
  await until(() => processesWith(run.folder).length === 0 && files(run.folder).length === 0, {
    what: 'everything of the run to be gone',
    timeoutMs: 30_000,
  });
  await expectNothingLeft(run);
});

it('refuses flags that it does not know, without a stack trace', async () => {
  const run = start('--fault', 'earthquake');
  expect(await run.ended).toBe(2);
  expect(run.output()).toMatch(/'earthquake' is invalid. Allowed choices are kill, stop, sick, drain/);
  expect(run.output()).not.toContain('    at ');
});
