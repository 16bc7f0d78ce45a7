import { Bench, NOT_SERVING, PASS, REFUSED, serviceConfig } from './bench';

let bench: Bench;

afterEach(async () => {
  await bench.end();
  expect(bench.processes.alive).toBe(0);
  expect(bench.processes.mostAlive).toBeLessThanOrEqual(1);
  expect(bench.clock.pendingTimers()).toBe(0);
});

async function supervised(): Promise<Bench> {
  return new Bench([serviceConfig()], { child: true }).start();
}

describe('an agent with a server of its own', () => {
  it('says critical the moment the server ends, without waiting for a probe or a beat', async () => {
    bench = await supervised();
    await bench.pass(20_300);
    bench.server().answer = REFUSED;
    bench.processes.end('signal SIGKILL');
    await bench.pass(1);
    expect(await bench.entry()).toMatchObject({
      health: 'critical',
      reason: expect.stringContaining('server ended: signal SIGKILL; starting it again at once') as string,
    });
  });

  it('spares a server that came in place of the ill one while it waited for its slot', async () => {
    bench = await supervised();
    await bench.pass(20_000);
    bench.knob.delayMs = 500;
    bench.server().answer = REFUSED;
    await bench.pass(2_100);
    expect(bench.knob.calls).toContain('acquire');
    bench.processes.end('signal SIGKILL');
    await bench.pass(1_000);
    expect(bench.processes).toMatchObject({ launches: 2, signals: [] });
  });

  it('starts a stable server again at once, and it is passing 50 ms after it answers, with a higher epoch', async () => {
    bench = await supervised();
    const before = (await bench.entry())?.epoch ?? 0;
    await bench.pass(20_300);
    bench.server().answer = REFUSED;
    bench.processes.end('signal SIGKILL');
    expect(bench.processes.launches).toBe(2);
    await bench.pass(400);
    expect(await bench.health()).toBe('critical');
    bench.server().answer = PASS;
    await bench.pass(51);
    expect(await bench.health()).toBe('passing');
    expect((await bench.entry())?.epoch).toBeGreaterThan(before);
  });

  it('ends a server whose probes are critical, kills it when it does not go, and starts it again', async () => {
    bench = await supervised();
    bench.processes.obeys = ['SIGKILL'];
    bench.server().answer = undefined;
    await bench.pass(2600);
    expect(bench.processes.signals).toEqual(['SIGTERM']);
    await bench.pass(3100);
    expect(bench.processes.signals).toEqual(['SIGTERM', 'SIGKILL']);
    bench.server().answer = PASS;
    await bench.pass(500);
    expect(bench.processes.launches).toBe(2);
    expect(await bench.health()).toBe('passing');
  });

  it('gives a crashing server up, and the catalog says so until an operator sends SIGHUP', async () => {
    bench = await supervised();
    for (let crash = 0; crash < 4; crash++) {
      bench.server().answer = REFUSED;
      bench.processes.end('exit code 1');
      await bench.pass(11_000);
    }
    expect(await bench.entry()).toMatchObject({
      health: 'critical',
      reason: expect.stringContaining('given up after 3 restarts within 120 s: server ended: exit code 1') as string,
    });
    expect(bench.said('error', 'given up')).toBe(1);
    bench.signal('SIGHUP');
    bench.server().answer = PASS;
    await bench.pass(100);
    expect(await bench.health()).toBe('passing');
  });

  it('says that it gave up even of a server that never passed a probe', async () => {
    bench = new Bench([serviceConfig()], { child: true });
    bench.server().answer = REFUSED;
    await bench.start();
    for (let crash = 0; crash < 4; crash++) {
      expect(await bench.health()).toBe('missing');
      bench.processes.end('exit code 1');
      await bench.pass(1000);
    }
    expect((await bench.entry())?.reason).toContain('given up');
  });

  it('takes a server that somebody else started in its place, and starts its own when that one fails', async () => {
    bench = await supervised();
    bench.server().answer = REFUSED;
    for (let crash = 0; crash < 4; crash++) {
      bench.processes.end('exit code 1');
      await bench.pass(11_000);
    }
    bench.server().answer = PASS;
    await bench.pass(1100);
    expect(await bench.health()).toBe('passing');
    expect(bench.processes.alive).toBe(0);
    bench.server().answer = REFUSED;
    await bench.pass(2100);
    expect(bench.processes.alive).toBe(1);
  });

  it('does not believe a passing probe while its own server is gone: somebody else answers on the port', async () => {
    bench = await supervised();
    bench.processes.end('exit code 1');
    await bench.pass(1);
    expect(await bench.healthsWhile(60)).toEqual(['critical']);
  });

  it('starts the server while the registry is away, and registers it when the registry comes', async () => {
    bench = new Bench([serviceConfig()], { child: true });
    bench.registry.setAway(true);
    await bench.start();
    await bench.pass(30_000);
    expect(bench.processes.alive).toBe(1);
    bench.registry.setAway(false);
    await bench.pass(1000);
    expect(await bench.health()).toBe('passing');
  });

  it('drains: maintenance first, then SIGTERM, then SIGKILL after the timeout, then out of the registry', async () => {
    bench = await supervised();
    bench.processes.obeys = ['SIGKILL'];
    bench.stop();
    await bench.pass(10);
    expect(await bench.health()).toBe('maintenance');
    expect(bench.processes.signals).toEqual(['SIGTERM']);
    expect(bench.knob.calls.indexOf('maintenance')).toBeGreaterThan(0);
    await bench.pass(8000);
    expect(bench.processes.signals).toEqual(['SIGTERM', 'SIGKILL']);
    await bench.pass(10);
    expect(await bench.health()).toBe('missing');
    await expect(bench.ended).resolves.toBe(0);
  });

  it('kills the server at once on a second signal', async () => {
    bench = await supervised();
    bench.processes.obeys = ['SIGKILL'];
    bench.stop();
    await bench.pass(10);
    bench.stop();
    await bench.pass(2);
    expect(bench.processes.alive).toBe(0);
    await expect(bench.ended).resolves.toBe(143);
  });

  it('tells the reason of the server itself when it says that it does not serve', async () => {
    bench = await supervised();
    bench.server().answer = NOT_SERVING;
    await bench.pass(2010);
    expect((await bench.entry())?.reason).toContain('server says NOT_SERVING');
  });
});
