import type { Instance } from '../../../core/domain/instance';
import { Bench, NOT_SERVING, OWNER, PASS, REFUSED, serviceConfig } from './bench';

let bench: Bench;

afterEach(async () => {
  await bench.end();
  expect(bench.clock.pendingTimers()).toBe(0);
});

describe('an agent beside a server that it did not start', () => {
  it('registers after the first passing probe and not before', async () => {
    bench = new Bench();
    bench.server().answer = REFUSED;
    await bench.start();
    expect(await bench.healthsWhile(3000)).toEqual(['missing']);
    bench.server().answer = PASS;
    expect(await bench.healthsWhile(1000)).toEqual(['missing', 'passing']);
    expect(await bench.entry()).toMatchObject({ owner: OWNER, address: '10.0.0.7', port: 5001 });
  });

  it('registers at once as critical when it is told to', async () => {
    bench = new Bench([serviceConfig('calculator-1', { register: 'at-once' })]);
    bench.server().answer = REFUSED;
    await bench.start();
    expect(await bench.entry()).toMatchObject({
      health: 'critical',
      reason: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('tells a warning with the first failure, critical with the second, and passing after two passes', async () => {
    bench = await new Bench().start();
    bench.server().answer = NOT_SERVING;
    expect(await bench.healthsWhile(2100)).toEqual(['passing', 'warning', 'critical']);
    expect((await bench.entry())?.reason).toContain('2 of the last 3 probes failed: server says NOT_SERVING');
    bench.server().answer = PASS;
    expect(await bench.healthsWhile(2100)).toEqual(['critical', 'passing']);
  });

  it('gives a server that could not be reached and is back a new epoch, and one that only said no keeps its own', async () => {
    bench = await new Bench().start();
    const first = (await bench.entry())?.epoch ?? 0;
    bench.server().answer = NOT_SERVING;
    await bench.pass(3000);
    bench.server().answer = PASS;
    await bench.pass(3000);
    expect((await bench.entry())?.epoch).toBe(first);
    bench.server().answer = REFUSED;
    await bench.pass(3000);
    bench.server().answer = PASS;
    await bench.pass(3000);
    expect((await bench.entry())?.epoch).toBeGreaterThan(first);
  });

  it('never lets the TTL run out while the registry needs 2.9 s for every answer', async () => {
    bench = await new Bench().start();
    bench.knob.delayMs = 2900;
    expect(await bench.healthsWhile(120_000)).toEqual(['passing']);
  });

  it('says that a server is ill even while an earlier call hangs', async () => {
    bench = await new Bench().start();
    bench.knob.delayMs = 10_000;
    await bench.pass(1100);
    bench.knob.delayMs = 0;
    bench.server().answer = NOT_SERVING;
    expect(await bench.healthsWhile(2500)).toEqual(['passing', 'warning', 'critical']);
  });

  it('keeps one hanging server from holding up another', async () => {
    bench = await new Bench([serviceConfig('calculator-1'), serviceConfig('calculator-2')]).start();
    bench.server('calculator-2').answer = undefined;
    await bench.pass(3000);
    expect(await bench.health('calculator-2')).toBe('critical');
    expect((await bench.entry('calculator-2'))?.reason).toContain('no answer within 500 ms');
    expect(await bench.healthsWhile(30_000)).toEqual(['passing']);
  });

  it('does not count a silence during which the agent itself stood still', async () => {
    bench = await new Bench().start();
    bench.server().answer = undefined;
    await bench.pass(1000);
    // All timers of these 5 s fire late, at their end: this is what a paused process sees.
    const { clock } = bench;
    const real = clock.nowMs.bind(clock);
    clock.nowMs = () => real() + 5000;
    bench.server().answer = PASS;
    await bench.pass(1500);
    expect(bench.said('warn', 'a failed probe does not count, because the agent itself stood still for')).toBe(1);
    expect(bench.said('warn', 'passing -> ')).toBe(0);
  });
});

describe('an agent whose registry is in trouble', () => {
  it('registers again when the registry forgot everything', async () => {
    bench = await new Bench().start();
    bench.registry.forget();
    expect(await bench.healthsWhile(1300)).toEqual(['missing', 'passing']);
    expect(bench.said('warn', 'the registry forgot this instance')).toBe(1);
  });

  it('never gives up, says so once a minute, and is right again within a second', async () => {
    bench = new Bench();
    bench.registry.setAway(true);
    await bench.start();
    await bench.pass(3_600_000);
    expect(bench.said('warn', 'trouble: ')).toBe(60);
    bench.registry.setAway(false);
    await bench.pass(1000);
    expect(await bench.health()).toBe('passing');
    expect(bench.said('info', 'recovered: ')).toBe(1);
  });

  it('asks at most twice a second on average while the registry is away', async () => {
    bench = await new Bench().start();
    bench.registry.setAway(true);
    await bench.pass(10_000);
    bench.knob.calls.splice(0);
    await bench.pass(60_000);
    expect(bench.knob.calls.length).toBeLessThan(120);
    bench.registry.setAway(false);
    await bench.pass(1500);
    expect(await bench.health()).toBe('passing');
  });

  it('puts an entry right that somebody changed behind its back', async () => {
    bench = await new Bench().start();
    const entry = await bench.entry();
    await register({ ...(entry as Instance), port: 9999 });
    await bench.pass(61_000);
    expect((await bench.entry())?.port).toBe(5001);
  });

  it('removes ghosts of its earlier runs, and leaves the entries of other owners', async () => {
    bench = new Bench();
    await register(ghost('calculator-0', OWNER));
    await register(ghost('foreign', 'host.other'));
    await bench.start();
    expect(await bench.health('calculator-0')).toBe('missing');
    expect(await bench.health('foreign')).toBe('passing');
  });

  it('takes over the entry of its earlier run with a higher epoch and without a critical moment', async () => {
    bench = new Bench();
    const epoch = bench.clock.unixMs() + 86_400_000;
    await register({ ...ghost('calculator-1', OWNER), epoch });
    const healths = bench.healthsWhile(100);
    await bench.start();
    expect(await healths).toEqual(['passing']);
    expect((await bench.entry())?.epoch).toBeGreaterThan(epoch);
  });

  it.each([
    [
      'ends the maintenance of an earlier run whose drain was cut short',
      'draining: the agent received SIGTERM',
      'passing',
    ],
    ['respects a maintenance that an operator began', 'disk is replaced', 'maintenance'],
  ])('%s', async (_name, reason, health) => {
    bench = new Bench();
    await register(ghost('calculator-1', OWNER));
    await bench.registry.setMaintenance('calculator-1', true, reason);
    await bench.start();
    expect(await bench.health()).toBe(health);
  });

  it('turns the entry of its earlier run critical when the first probe fails', async () => {
    bench = new Bench();
    bench.server().answer = REFUSED;
    await register(ghost('calculator-1', OWNER));
    await bench.start();
    expect(await bench.health()).toBe('critical');
  });

  it('falls silent, loudly, when another agent registered a newer server under the same id', async () => {
    bench = await new Bench().start();
    const rival: Instance = { ...ghost('calculator-1', 'host.rival'), epoch: bench.clock.unixMs() + 1 };
    await register(rival);
    await bench.pass(120_000);
    expect(await bench.entry()).toMatchObject({ owner: 'host.rival', health: 'critical' });
    expect(bench.said('error', 'two agents use the same instance id')).toBeGreaterThan(0);
    await bench.registry.deregister('calculator-1');
    await bench.pass(61_000);
    expect(await bench.entry()).toMatchObject({ owner: OWNER, health: 'passing' });
  });
});

describe('an agent that leaves', () => {
  it('goes into maintenance, waits for its callers, deregisters and ends with 0', async () => {
    bench = await new Bench().start();
    bench.stop();
    expect(await bench.healthsWhile(1900)).toEqual(['passing', 'maintenance']);
    expect((await bench.entry())?.reason).toContain('draining');
    await bench.pass(300);
    expect(await bench.health()).toBe('missing');
    await expect(bench.ended).resolves.toBe(0);
  });

  it('goes into maintenance even when the end is asked for during the registration', async () => {
    bench = new Bench();
    bench.knob.delayMs = 100;
    await bench.start();
    await bench.pass(150);
    expect(bench.knob.calls).toEqual(['registered', 'register']);
    bench.stop();
    await bench.pass(500);
    expect(await bench.health()).toBe('maintenance');
  });

  it('ends at once on a second signal', async () => {
    bench = await new Bench().start();
    bench.stop();
    await bench.pass(10);
    bench.stop();
    await expect(bench.ended).resolves.toBe(143);
  });

  it('ends in bounded time when the registry does not answer', async () => {
    bench = await new Bench().start();
    bench.registry.setAway(true);
    bench.stop();
    await bench.pass(1000 + 2000 + 3000 + 100);
    await expect(bench.ended).resolves.toBe(0);
    expect(bench.said('warn', 'could not leave the registry')).toBe(1);
  });
});

function ghost(id: string, owner: string): Instance {
  return { ...serviceConfig(id).instance, owner, epoch: 5, port: 5001 };
}

async function register(instance: Instance): Promise<void> {
  await bench.registry.register({
    instance,
    ttlMs: 10_000,
    deregisterAfterMs: 600_000,
    health: 'passing',
    reason: 'SERVING',
  });
}
