/** What an agent says of a child that uses too much, on a virtual clock. */
import type { ProcessUse } from '../../../core/detect/process-load';
import { Bench, REFUSED, serviceConfig } from './bench';

const MIB = 1024 ** 2;

let bench: Bench;
let use: ProcessUse | undefined;
let asked: number[];

afterEach(async () => {
  await bench.end();
  expect(bench.clock.pendingTimers()).toBe(0);
});

async function watched(): Promise<Bench> {
  const process = { intervalMs: 5_000, limits: { memoryBytes: 100 * MIB, forMs: 30_000 } };
  use = { memoryBytes: 50 * MIB, cpuMs: 0 };
  asked = [];
  const read = (pid: number): ProcessUse | undefined => {
    asked.push(pid);
    return use;
  };
  return new Bench([serviceConfig('calculator-1', { process })], { child: true, processUse: { read } }).start();
}

it('a child that uses too much memory is warned of, gets its calls, and is not restarted', async () => {
  bench = await watched();
  use = { memoryBytes: 300 * MIB, cpuMs: 0 };
  await bench.pass(34_000);
  expect(await bench.health()).toBe('passing');
  await bench.pass(2_000);
  expect(await bench.entry()).toMatchObject({
    health: 'warning',
    reason: 'its process uses 300 MiB of memory, the limit is 100 MiB; SERVING in 1.0 ms',
  });
  await bench.pass(60_000);
  expect(bench.processes.launches).toBe(1);
  expect(await bench.incidents()).toEqual([]);
});

it('the warning goes when the memory was well below the limit for as long', async () => {
  bench = await watched();
  use = { memoryBytes: 300 * MIB, cpuMs: 0 };
  await bench.pass(40_000);
  use = { memoryBytes: 80 * MIB, cpuMs: 0 };
  const calls = bench.knob.calls.length;
  expect(await bench.healthsWhile(60_000)).toEqual(['warning', 'passing']);
  // Beats alone: one in each second.
  expect(bench.knob.calls.length - calls).toBeLessThan(130);
});

it('a new process has no past, and one that is gone is not looked at', async () => {
  bench = await watched();
  use = { memoryBytes: 300 * MIB, cpuMs: 0 };
  await bench.pass(40_000);
  bench.processes.end('exit code 1');
  await bench.pass(1_500);
  expect(bench.processes.launches).toBe(2);
  expect(await bench.health()).toBe('passing');
  await bench.pass(10_000);
  expect([...new Set(asked)]).toEqual([1001, 1002]);
});

it('a server that is critical is so for what its probes say', async () => {
  bench = await watched();
  use = { memoryBytes: 300 * MIB, cpuMs: 0 };
  await bench.pass(40_000);
  bench.server().answer = REFUSED;
  await bench.pass(2_200);
  expect((await bench.entry())?.health).toBe('critical');
  expect((await bench.entry())?.reason).not.toContain('MiB');
});

it('nothing is told where nothing is known of processes', async () => {
  bench = await watched();
  use = undefined;
  await bench.pass(60_000);
  expect(await bench.health()).toBe('passing');
});
