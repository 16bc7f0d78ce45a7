/** What an agent says of a server that becomes slow, on a virtual clock. */
import { Pace } from '../../../agent/pace';
import { Bench, NOT_SERVING, PASS, REFUSED, serviceConfig } from './bench';

let bench: Bench;

afterEach(async () => {
  await bench.end();
  expect(bench.clock.pendingTimers()).toBe(0);
});

/** Probed each second for a minute, and fast. */
async function settled(slowFactor = 4, child = false): Promise<Bench> {
  const { probe } = serviceConfig();
  const one = new Bench([serviceConfig('calculator-1', { probe: { ...probe, slowFactor } })], { child });
  slowDown(2, one);
  await one.start();
  await one.pass(60_000);
  return one;
}

function slowDown(ms: number, one = bench): void {
  one.server().takes = () => new Promise((resolve) => void one.clock.after(ms, resolve));
}

it('a server that answers late is warned of, gets its calls, and is not restarted', async () => {
  bench = await settled(4, true);
  slowDown(240);
  expect(await bench.healthsWhile(30_000)).toEqual(['passing', 'warning']);
  expect((await bench.entry())?.reason).toBe('answers take 240 ms, usually 2 ms; SERVING in 1.0 ms');
  slowDown(2);
  expect(await bench.healthsWhile(60_000)).toEqual(['warning', 'passing']);
  expect(bench.processes.launches).toBe(1);
  expect(await bench.incidents()).toEqual([]);
});

it('a server that becomes slower and slower is warned of before it is critical', async () => {
  bench = await settled();
  const seen: string[] = [];
  for (let ms = 2; ms < 700; ms *= 1.15) {
    slowDown(ms);
    const next = await bench.healthsWhile(2_000);
    seen.push(...next.filter((health) => health !== seen.at(-1)));
  }
  expect(seen).toEqual(['passing', 'warning', 'critical']);
});

it('is critical for its failures, whatever its pace', async () => {
  bench = await settled();
  slowDown(240);
  await bench.pass(20_000);
  bench.server().answer = NOT_SERVING;
  await bench.pass(3_500);
  expect((await bench.entry())?.health).toBe('critical');
  expect((await bench.entry())?.reason).not.toContain('answers take');
});

it('measures no new process by the one before', async () => {
  bench = await settled();
  bench.server().answer = REFUSED;
  await bench.pass(3_000);
  bench.server().answer = PASS;
  slowDown(240);
  await bench.pass(3_500);
  expect(await bench.healthsWhile(60_000)).toEqual(['passing']);
});

it('says nothing when it is told not to', async () => {
  bench = await settled(0);
  slowDown(240);
  expect(await bench.healthsWhile(60_000)).toEqual(['passing']);
});

it('an answer that the agent read late, because it stood still itself, does not count', () => {
  let doubtful = false;
  const pace = new Pace(
    { slowFactor: 4, timeoutMs: 500 },
    {
      doubtSince: () => ({ doubtful, lateMs: 300, reason: 'the agent itself stood still for 300 ms meanwhile' }),
    },
  );
  for (let at = 0; at < 60; at++) pace.take(2, at * 1_000);
  doubtful = true;
  for (let at = 60; at < 120; at++) pace.take(300, at * 1_000);
  expect(pace.warning).toBeUndefined();
  doubtful = false;
  for (let at = 120; at < 130; at++) pace.take(300, at * 1_000);
  expect(pace.warning).toBe('answers take 300 ms, usually 2 ms');
});
