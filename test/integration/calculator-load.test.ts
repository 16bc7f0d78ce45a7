import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadReport } from '../../calculator/load';
import { startCalculator, type CalculatorProcess } from '../../scripts/chaos/calculator-process';
import { until } from '../../scripts/chaos/until';
import { startLoad, type CliProcess } from '../support/cli-process';

type Line = LoadReport & { readonly event: string };

describe('the load on the calculators', () => {
  const loads: CliProcess[] = [];
  let calculator: CalculatorProcess;
  let folder: string;
  const start = (list: string): CliProcess => {
    const load = startLoad(['--target', calculator.address, '--memory-add-every', '1', '--acknowledged', list]);
    loads.push(load);
    return load;
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'load-'));
    calculator = await startCalculator({ instance: 'calculator-1' });
  });
  afterEach(async () => {
    for (const load of loads) load.signal('SIGKILL');
    await Promise.all(loads.splice(0).map(({ exited }) => exited));
  });
  afterAll(async () => {
    await calculator.stop();
    rmSync(folder, { recursive: true });
  });

  it('goes on calling while the disk takes nothing, and lists every acknowledged call when it does', async () => {
    const list = join(folder, 'stuck.fifo');
    execFileSync('mkfifo', [list]);
    const pipe = openSync(list, constants.O_RDWR | constants.O_NONBLOCK);
    const filled = fill(pipe);
    const load = start(list);
    const progress = (): readonly Line[] => linesOf(load, 'progress');
    await until(() => progress().length >= 3, { what: 'three seconds of calls' });
    const calls = progress().map(({ memoryAdd }) => memoryAdd.ok);
    expect(calls[2]).toBeGreaterThan(calls[1]! + 50);

    load.signal('SIGTERM');
    let read = '';
    const summary = (): Line | undefined => {
      read += drained(pipe);
      return linesOf(load, 'summary')[0];
    };
    const { memoryAdd } = await until(summary, { what: 'the summary' });
    read += drained(pipe);
    closeSync(pipe);
    const ids = read.slice(filled).split('\n').filter(Boolean);
    expect(memoryAdd.failed).toBe(0);
    expect(new Set(ids).size).toBe(memoryAdd.ok);
    expect(ids).toHaveLength(memoryAdd.ok);
    expect(await load.exited).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    ['/missing/folder/list', /^calculator-load: ENOENT.*'\/missing\/folder\/list'\n$/],
    ['/dev/full', /^calculator-load: ENOSPC.*\n$/],
  ])('ends with one line and exit code 2 when it cannot write to %s', async (list, line) => {
    const { code, stderr } = await start(list).exited;
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(line) as string });
  });
});

function linesOf(load: CliProcess, event: string): readonly Line[] {
  const whole = load.stdout().slice(0, load.stdout().lastIndexOf('\n') + 1);
  const lines = whole.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Line).filter((line) => line.event === event);
}

/** @returns how many bytes it took until it took no more */
function fill(pipe: number): number {
  for (let bytes = 0; ; bytes += 1_024) {
    try {
      writeSync(pipe, '\n'.repeat(1_024));
    } catch {
      return bytes;
    }
  }
}

function drained(pipe: number): string {
  const buffer = Buffer.alloc(65_536);
  try {
    return buffer.toString('utf8', 0, readSync(pipe, buffer));
  } catch {
    return '';
  }
}
