import { Bench, NOT_SERVING, PASS, REFUSED, serviceConfig } from './bench';

let bench: Bench;

afterEach(async () => {
  await bench.end();
  expect(bench.clock.pendingTimers()).toBe(0);
});

const kinds = async (): Promise<string> =>
  (await bench.incidents()).map(({ steps }) => steps.map(({ kind }) => kind).join(' ')).join(' | ');

describe('a fault of a server', () => {
  it('leaves an incident with every step, from the first evidence to the end', async () => {
    bench = await new Bench().start();
    bench.server().answer = NOT_SERVING;
    await bench.pass(2100);
    bench.server().answer = PASS;
    await bench.pass(20_000);
    expect(await kinds()).toBe('evidence detected verified rejoined closed');
    const [incident] = await bench.incidents();
    expect(incident).toMatchObject({ instance: 'calculator-1', outcome: 'recovered' });
    expect(incident?.cause).toContain('2 of the last 3 probes failed: server says NOT_SERVING');
    expect(incident?.downTimes).toEqual([
      { fromMs: 0, detectedMs: 950, verifiedMs: 2850, toMs: expect.closeTo(2850, -1) as number },
    ]);
  });

  it('leaves none when one answer was lost', async () => {
    bench = await new Bench().start();
    bench.server().answer = NOT_SERVING;
    await bench.pass(1000);
    bench.server().answer = PASS;
    await bench.pass(60_000);
    expect(await bench.incidents()).toEqual([]);
  });

  it('of an agent that has a child, tells its end, its restart and its return', async () => {
    bench = await new Bench([serviceConfig()], { child: true }).start();
    await bench.pass(20_300);
    bench.server().answer = REFUSED;
    bench.processes.end('signal SIGKILL');
    await bench.pass(400);
    bench.server().answer = PASS;
    await bench.pass(20_000);
    const [incident] = await bench.incidents();
    expect(incident?.steps.map(({ kind, source }) => `${kind} by ${source}`)).toEqual([
      'detected by child',
      'acted by child',
      'verified by probe',
      'rejoined by registry',
      'closed by agent',
    ]);
    expect(incident?.steps[0]).toMatchObject({ sentence: 'server ended: signal SIGKILL', pid: 1001 });
    expect(incident?.steps[1]).toMatchObject({ action: 'start', pid: 1002 });
  });

  it('is one incident while a server crashes again and again, and says when it was given up', async () => {
    bench = await new Bench([serviceConfig()], { child: true }).start();
    await bench.pass(100);
    for (let crash = 0; crash < 4; crash++) {
      bench.server().answer = crash < 3 ? PASS : REFUSED;
      bench.processes.end('exit code 1');
      await bench.pass(2000);
    }
    const [incident, ...others] = await bench.incidents();
    expect(others).toEqual([]);
    expect(incident?.phase).toBe('given-up');
    expect(incident?.downTimes).toHaveLength(4);
    bench.signal('SIGHUP');
    bench.server().answer = PASS;
    await bench.pass(20_000);
    expect((await bench.incidents())[0]).toMatchObject({ phase: 'closed', outcome: 'recovered' });
  });

  it('of a server that hangs, tells each signal', async () => {
    bench = await new Bench([serviceConfig()], { child: true }).start();
    bench.processes.obeys = ['SIGKILL'];
    await bench.pass(100);
    bench.server().answer = undefined;
    await bench.pass(6000);
    const actions = (await bench.incidents())[0]?.steps.map(({ action }) => action).filter(Boolean);
    expect(actions).toEqual(['SIGTERM', 'SIGKILL', 'stop', 'start']);
  });

  it('of one that never came up, is told by its time', async () => {
    bench = new Bench([serviceConfig()], { child: true });
    bench.server().answer = REFUSED;
    await bench.start();
    await bench.pass(29_000);
    expect(await bench.incidents()).toEqual([]);
    await bench.pass(1100);
    expect((await bench.incidents())[0]?.cause).toBe('no probe passed within 30 s of its start');
  });

  it('waits for the registry: the server is back when its callers can know it', async () => {
    bench = await new Bench().start();
    bench.server().answer = NOT_SERVING;
    await bench.pass(2500);
    bench.registry.setAway(true);
    bench.server().answer = PASS;
    await bench.pass(60_000);
    expect(await kinds()).toBe('evidence detected note verified');
    bench.registry.setAway(false);
    await bench.pass(2000);
    expect(await kinds()).toBe('evidence detected note verified rejoined');
  });

  it('stays open when the agent is killed, and its successor goes on with it', async () => {
    bench = await new Bench().start();
    bench.server().answer = REFUSED;
    await bench.pass(2500);
    const [left] = await bench.incidents();
    const { clock } = bench;
    await bench.end();
    expect(clock.pendingTimers()).toBe(0);
    bench = await new Bench([serviceConfig()], { left: [left!] }).start();
    await bench.pass(20_000);
    const [incident, ...others] = await bench.incidents();
    expect(others).toEqual([]);
    expect(incident?.id).toBe(left?.id);
    expect(incident?.steps.map(({ kind, seq }) => `${seq} ${kind}`)).toEqual([
      '3 resumed',
      '4 verified',
      '5 rejoined',
      '6 closed',
    ]);
  });

  it('is not made of an end that was asked for, and ends with one', async () => {
    bench = await new Bench([serviceConfig()], { child: true }).start();
    await bench.pass(1000);
    bench.stop();
    bench.server().answer = REFUSED;
    await bench.pass(9000);
    expect(await bench.incidents()).toEqual([]);
    await bench.end();
    bench = await new Bench().start();
    bench.server().answer = REFUSED;
    await bench.pass(2500);
    bench.stop();
    await bench.pass(5000);
    expect((await bench.incidents())[0]).toMatchObject({ phase: 'closed', outcome: 'abandoned' });
  });
});
