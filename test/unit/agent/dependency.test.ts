/** What all servers share is down: then a server that fails is not accused, and when it is back each answers for itself. */
import type { DependencyConfig } from '../../../agent/service-config';
import type { ProbeResult } from '../../../agent/ports';
import { Bench, NOT_SERVING, PASS, REFUSED, serviceConfig } from './bench';

const DEPENDENCY: DependencyConfig = {
  ...{ type: 'tcp', address: '10.0.0.9', port: 5432, service: '', onUnimplemented: 'pass' },
  ...{ what: 'tcp 10.0.0.9:5432', intervalMs: 1000, timeoutMs: 500, rise: 3 },
};
const DOWN: ProbeResult = { outcome: 'refused', reason: 'cannot connect (ECONNREFUSED, 0.3 ms)' };
const WHY = 'tcp 10.0.0.9:5432, which all servers share, is down: cannot connect (ECONNREFUSED, 0.3 ms)';

let bench: Bench;

afterEach(async () => {
  await bench.end();
});

async function begin(answer: ProbeResult | undefined = PASS): Promise<void> {
  bench = new Bench([serviceConfig('calculator-1', { dependency: DEPENDENCY })], { child: true });
  bench.dependency.answer = answer;
  await bench.start();
}

it('leaves a failing server alone, keeps it in the calls with the reason, and says so once', async () => {
  await begin();
  await bench.pass(5000);
  bench.dependency.answer = DOWN;
  bench.server().answer = NOT_SERVING;
  expect(await bench.healthsWhile(60_000)).toEqual(['passing', 'warning']);
  expect(await bench.entry()).toMatchObject({ reason: `${NOT_SERVING.reason}; not held against it: ${WHY}` });
  expect(bench.processes).toMatchObject({ launches: 1, signals: [] });
  expect(await bench.incidents()).toEqual([]);
  expect(bench.said('warn', `calculator-1 is accused of nothing: ${WHY}`)).toBe(1);
});

it('spares a server that falls silent too', async () => {
  await begin();
  bench.dependency.answer = DOWN;
  bench.server().answer = undefined;
  expect(await bench.healthsWhile(20_000)).toEqual(['passing', 'warning']);
});

it('has the server restarted that is ill still when the dependency has been back for a while', async () => {
  await begin();
  bench.dependency.answer = DOWN;
  bench.server().answer = NOT_SERVING;
  await bench.pass(30_000);
  bench.dependency.answer = PASS;
  await bench.pass(2000);
  expect((await bench.entry())?.reason).toMatch(/which all servers share, has been back for [12] of 3 checks only$/);
  expect(bench.processes.launches).toBe(1);
  await bench.pass(4000);
  expect(bench.processes.launches).toBe(2);
  expect((await bench.incidents())[0]?.cause).toContain(NOT_SERVING.reason);
});

it('lets a server go on that is well again with its dependency', async () => {
  await begin();
  bench.dependency.answer = DOWN;
  bench.server().answer = NOT_SERVING;
  await bench.pass(30_000);
  bench.dependency.answer = PASS;
  bench.server().answer = PASS;
  await bench.pass(2000);
  expect(await bench.health()).toBe('passing');
  expect(await bench.incidents()).toEqual([]);
});

it('does not hold up the restart of a server that is ill while its dependency is well', async () => {
  await begin();
  await bench.pass(5000);
  bench.server().answer = NOT_SERVING;
  await bench.pass(2100);
  expect(bench.processes.signals).toEqual(['SIGTERM']);
});

it('waits for the answer of a dependency that is silent before anybody is accused', async () => {
  await begin();
  await bench.pass(5000);
  bench.dependency.answer = undefined;
  bench.server().answer = NOT_SERVING;
  expect(await bench.healthsWhile(20_000)).toEqual(['passing', 'warning']);
  expect(bench.processes.launches).toBe(1);
});

it('has a dead child started again, and gives the new one its time to come up anew', async () => {
  await begin();
  await bench.pass(20_000);
  bench.dependency.answer = DOWN;
  bench.server().answer = NOT_SERVING;
  bench.processes.end('signal SIGKILL');
  await bench.pass(120_000);
  expect(bench.processes).toMatchObject({ launches: 2, signals: [] });
  expect(await bench.health()).toBe('critical');
  bench.dependency.answer = PASS;
  await bench.pass(29_000);
  expect(bench.processes.launches).toBe(2);
  await bench.pass(6000);
  expect(bench.processes.signals[0]).toBe('SIGTERM');
});

it('calls a server critical where nothing listens, and does nothing about it meanwhile', async () => {
  await begin();
  await bench.pass(5000);
  bench.dependency.answer = DOWN;
  await bench.pass(1000);
  bench.server().answer = REFUSED;
  await bench.pass(5000);
  expect(await bench.entry()).toMatchObject({ health: 'critical', reason: expect.stringContaining(WHY) as string });
  expect(bench.processes.signals).toEqual([]);
});
