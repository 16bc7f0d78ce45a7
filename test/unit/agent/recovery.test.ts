/** Ladder, proof and guard around one server, on a virtual clock. */
import { Bench, NOT_SERVING, PASS, REFUSED, serviceConfig } from './bench';
import type { RungConfig, ServiceConfig } from '../../../agent/service-config';

let bench: Bench;

afterEach(async () => {
  await bench.end();
  expect(bench.clock.pendingTimers()).toBe(0);
});

const exec: RungConfig = { type: 'exec', attempts: 1, timeoutMs: 5000, command: ['/opt/reload'] };
const systemd: RungConfig = { type: 'systemd', attempts: 1, timeoutMs: 5000, unit: 'calculator.service' };
const child: RungConfig = { type: 'child', attempts: 1, timeoutMs: 5000 };
const program = { command: ['/opt/x'] as const, timeoutMs: 5000 };

const withRecovery = (
  recovery: Partial<ServiceConfig['recovery']>,
  change: Partial<ServiceConfig> = {},
): ServiceConfig => serviceConfig('calculator-1', { recovery: { ladder: [], graceMs: 3000, ...recovery }, ...change });

const stepsOf = async (): Promise<readonly string[]> =>
  (await bench.incidents()).flatMap(({ steps }) => steps.map(({ kind, action = '' }) => `${kind} ${action}`.trim()));

describe('an agent with a ladder', () => {
  it('tries one rung after the other until the server is well, and tells each why', async () => {
    bench = await new Bench([withRecovery({ ladder: [exec, systemd] })]).start();
    bench.server().answer = NOT_SERVING;
    await bench.pass(2100);
    expect(bench.hooks.runs).toEqual([
      {
        type: 'exec',
        service: 'calculator',
        instance: 'calculator-1',
        incident: (await bench.incidents())[0]?.id,
        reason: '2 of the last 3 probes failed: server says NOT_SERVING (0.8 ms)',
        attempt: 1,
      },
    ]);
    await bench.pass(1000);
    expect((await bench.entry())?.reason).toContain('done; the server has 3 s to pass a probe');
    bench.hooks.onRun = () => (bench.server().answer = PASS);
    await bench.pass(25_000);
    expect(bench.hooks.runs.map(({ type }) => type)).toEqual(['exec', 'systemd']);
    expect(await stepsOf()).toEqual([
      ...['evidence', 'detected', 'decided', 'decided', 'acting exec', 'acted exec', 'decided'],
      ...['decided', 'decided', 'acting systemd', 'acted systemd', 'decided', 'verified', 'rejoined', 'closed'],
    ]);
  });

  it('stops a hook that hangs when its time is over, and goes on', async () => {
    bench = await new Bench([withRecovery({ ladder: [exec, systemd] })]).start();
    bench.hooks.answer = undefined;
    bench.server().answer = NOT_SERVING;
    await bench.pass(9000);
    expect(bench.hooks.runs.map(({ type }) => type)).toEqual(['exec', 'systemd']);
    const [incident] = await bench.incidents();
    expect(incident?.steps.find(({ kind }) => kind === 'acted')).toMatchObject({
      ok: false,
      tookMs: 5000,
      sentence: 'run exec did not end within 5s and was stopped',
    });
  });

  it('gives up where everybody can see it, and is well again by itself', async () => {
    bench = await new Bench([withRecovery({ ladder: [exec], graceMs: 1000 })]).start();
    bench.hooks.answer = { ok: false, how: '/opt/reload ended with exit code 3' };
    bench.server().answer = NOT_SERVING;
    await bench.pass(15_000);
    expect(bench.hooks.runs).toHaveLength(3);
    expect((await bench.entry())?.reason).toContain('given up after 3 attempts within 120 s');
    expect((await bench.incidents())[0]?.phase).toBe('given-up');
    expect(bench.said('error', 'given up')).toBe(1);
    bench.server().answer = PASS;
    await bench.pass(3000);
    expect(await bench.health()).toBe('passing');
  });

  it('restarts its child by a rung, and its end by itself is no matter of the ladder', async () => {
    bench = await new Bench([withRecovery({ ladder: [exec, child] })], { child: true }).start();
    bench.server().answer = NOT_SERVING;
    await bench.pass(8000);
    expect(bench.processes.signals).toEqual(['SIGTERM']);
    bench.server().answer = PASS;
    await bench.pass(500);
    expect(bench.processes.launches).toBe(2);
    bench.processes.end('exit code 1');
    await bench.pass(500);
    expect(bench.processes.launches).toBe(3);
    expect(bench.hooks.runs).toHaveLength(1);
  });

  it('brings up a server that was never seen well, after its time', async () => {
    bench = new Bench([withRecovery({ ladder: [systemd] })]);
    bench.server().answer = REFUSED;
    await bench.start();
    await bench.pass(29_000);
    expect(bench.hooks.runs).toEqual([]);
    await bench.pass(1200);
    expect(bench.hooks.runs).toHaveLength(1);
  });

  it('does nothing twice when its agent was killed during an action: it waits whether that helped', async () => {
    bench = await new Bench([withRecovery({ ladder: [exec, systemd] })]).start();
    bench.hooks.answer = undefined;
    bench.server().answer = NOT_SERVING;
    await bench.pass(2100);
    const [left] = await bench.incidents();
    expect(left?.steps.at(-1)?.kind).toBe('acting');
    await bench.end();
    bench = new Bench([withRecovery({ ladder: [exec, systemd] })], { left: [left!] });
    bench.server().answer = NOT_SERVING;
    await bench.start();
    await bench.pass(2000);
    expect(bench.hooks.runs).toEqual([]);
    await bench.pass(4000);
    expect(bench.hooks.runs.map(({ type, attempt }) => `${type} ${attempt}`)).toEqual(['systemd 2']);
  });

  it('restores again, as another attempt, when its agent was killed during the restore', async () => {
    const recovery = withRecovery({ restore: program });
    bench = await new Bench([recovery]).start();
    bench.server().answer = REFUSED;
    await bench.pass(3000);
    bench.hooks.answer = undefined;
    bench.server().answer = PASS;
    await bench.pass(2100);
    const [left] = await bench.incidents();
    expect(left?.steps.at(-1)).toMatchObject({ kind: 'acting', action: 'restore', attempt: 1 });
    await bench.end();
    bench = await new Bench([recovery], { left: [left!] }).start();
    await bench.pass(3000);
    expect(bench.hooks.runs.map(({ attempt }) => attempt)).toEqual([2]);
    expect(await bench.health()).toBe('passing');
  });

  it('touches nothing when it is told only to look', async () => {
    const { restart } = serviceConfig();
    bench = await new Bench([
      withRecovery({ ladder: [exec] }, { restart: { ...restart, onUnhealthy: false } }),
    ]).start();
    bench.server().answer = NOT_SERVING;
    await bench.pass(10_000);
    expect(bench.hooks.runs).toEqual([]);
  });
});

describe('a recovery', () => {
  it('restores the data of a new process and checks it before anybody may call it', async () => {
    bench = await new Bench([withRecovery({ restore: program, check: program })], { child: true }).start();
    expect(await bench.health()).toBe('passing');
    expect(bench.hooks.runs).toEqual([]);
    const seen: string[] = [];
    bench.hooks.onRun = () => seen.push('run');
    bench.hooks.answer = undefined;
    bench.processes.end('signal SIGKILL');
    await bench.pass(2000);
    expect(seen).toHaveLength(1);
    expect(await bench.entry()).toMatchObject({
      health: 'critical',
      reason: expect.stringContaining('restore: run exec') as string,
    });
    await bench.pass(2000);
    expect(bench.processes.signals).toEqual([]);
    bench.hooks.answer = { ok: true, how: 'done' };
    await bench.pass(5000);
    expect(await bench.health()).toBe('passing');
    expect((await stepsOf()).filter((step) => /restore|check|verified/.test(step)).slice(-5)).toEqual([
      ...['acting restore', 'acted restore', 'acting check', 'acted check', 'verified'],
    ]);
  });

  it('treats a server whose data cannot be restored as ill, once for each process', async () => {
    bench = await new Bench([withRecovery({ restore: program })], { child: true }).start();
    bench.hooks.answer = { ok: false, how: '/opt/x ended with exit code 9' };
    bench.processes.end('signal SIGKILL');
    await bench.pass(120);
    expect(bench.hooks.runs).toHaveLength(1);
    expect(bench.processes.signals).toEqual(['SIGTERM']);
    bench.hooks.answer = { ok: true, how: 'done' };
    await bench.pass(1000);
    expect(bench.hooks.runs).toHaveLength(2);
    expect(await bench.health()).toBe('passing');
  });

  it('restores nothing where the process is the same, and asks a check again until it is content', async () => {
    bench = await new Bench([withRecovery({ restore: program, check: program })]).start();
    bench.server().answer = NOT_SERVING;
    await bench.pass(2100);
    bench.hooks.answer = { ok: false, how: 'replica is 40 s behind' };
    bench.server().answer = PASS;
    await bench.pass(5000);
    expect((await bench.entry())?.reason).toContain('not recovered: replica is 40 s behind');
    bench.hooks.answer = { ok: true, how: 'done' };
    await bench.pass(2000);
    expect(await bench.health()).toBe('passing');
    const actions = (await bench.incidents()).flatMap(({ steps }) => steps.map(({ action }) => action));
    expect(actions).not.toContain('restore');
  });

  it('is stopped when the server falls in the middle of it', async () => {
    bench = await new Bench([withRecovery({ restore: program })], { child: true }).start();
    bench.hooks.answer = undefined;
    bench.processes.end('exit code 1');
    await bench.pass(500);
    bench.hooks.answer = { ok: true, how: 'done' };
    bench.processes.end('exit code 1');
    await bench.pass(1000);
    expect(bench.hooks.runs).toHaveLength(2);
    expect(await bench.health()).toBe('passing');
  });

  it('tries again to restore when an operator says so', async () => {
    bench = await new Bench([withRecovery({ restore: program })]).start();
    bench.server().answer = REFUSED;
    await bench.pass(2500);
    bench.hooks.answer = { ok: false, how: 'no backup' };
    bench.server().answer = PASS;
    await bench.pass(10_000);
    expect(bench.hooks.runs).toHaveLength(1);
    bench.hooks.answer = { ok: true, how: 'done' };
    bench.signal('SIGHUP');
    await bench.pass(1100);
    expect(await bench.health()).toBe('passing');
  });
});

describe('the guard of the fleet', () => {
  const two = (guard = { atOnce: 1, minHealthy: 0 }): readonly ServiceConfig[] =>
    ['calculator-1', 'calculator-2'].map((id) => ({
      ...withRecovery({ ladder: [exec] }, { guard }),
      instance: serviceConfig(id).instance,
    }));

  it('lets one instance recover at a time: the next when the first is well', async () => {
    bench = await new Bench(two()).start();
    bench.server('calculator-1').answer = NOT_SERVING;
    bench.server('calculator-2').answer = NOT_SERVING;
    await bench.pass(4600);
    expect(bench.hooks.runs).toHaveLength(1);
    const [first] = bench.hooks.runs;
    const waiting = first?.instance === 'calculator-1' ? 'calculator-2' : 'calculator-1';
    expect((await bench.entry(waiting))?.reason).toContain('waiting for one of 1 recovery slots of calculator');
    bench.server(first!.instance).answer = PASS;
    await bench.pass(3000);
    expect(bench.hooks.runs.map(({ instance }) => instance)).toEqual([first?.instance, waiting]);
  });

  it('lets others recover when one is given up', async () => {
    bench = await new Bench(two()).start();
    bench.hooks.answer = { ok: false, how: 'failed' };
    bench.server('calculator-1').answer = NOT_SERVING;
    bench.server('calculator-2').answer = NOT_SERVING;
    await bench.pass(30_000);
    const count = (id: string): number => bench.hooks.runs.filter(({ instance }) => instance === id).length;
    expect([count('calculator-1'), count('calculator-2')]).toEqual([3, 3]);
    const order = bench.hooks.runs.map(({ instance }) => instance);
    expect(order).toEqual([...order].sort((a, b) => (a === order[0] ? 0 : 1) - (b === order[0] ? 0 : 1)));
  });

  it('does nothing on suspicion while too few others serve', async () => {
    bench = await new Bench(two({ atOnce: 1, minHealthy: 1 })).start();
    bench.server('calculator-1').answer = NOT_SERVING;
    bench.server('calculator-2').answer = NOT_SERVING;
    await bench.pass(20_000);
    expect(bench.hooks.runs).toEqual([]);
    expect((await bench.entry())?.reason).toContain('0 other instances serve, and 1 must for a restart on suspicion');
    bench.server('calculator-2').answer = PASS;
    await bench.pass(5000);
    expect(bench.hooks.runs.map(({ instance }) => instance)).toEqual(['calculator-1']);
  });

  it('does nothing on suspicion while the registry is away, and starts a server that ended all the same', async () => {
    bench = await new Bench([serviceConfig()], { child: true }).start();
    bench.registry.setAway(true);
    bench.server().answer = NOT_SERVING;
    await bench.pass(20_000);
    expect(bench.processes.signals).toEqual([]);
    bench.processes.end('signal SIGKILL');
    await bench.pass(1000);
    expect(bench.processes.launches).toBe(2);
    bench.server().answer = PASS;
    await bench.pass(1000);
    bench.server().answer = NOT_SERVING;
    await bench.pass(3000);
    expect(bench.processes.signals).toEqual([]);
    bench.registry.setAway(false);
    await bench.pass(1500);
    expect(bench.processes.signals).toEqual(['SIGTERM']);
  });
});
