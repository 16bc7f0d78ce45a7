/** What an operator does from the command line, with real agents, a real Consul and a caller that follows. */
import { credentials } from '@grpc/grpc-js';
import { registerUnderstudy, type Understudy } from '../../index';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { freePorts } from '../../scripts/consul/free-ports';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startCli, type CliEnd } from '../support/cli-process';
import { add } from '../support/client-bench';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { PATIENT_PROBE } from '../support/patient-probe';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(90_000);

let consul: ConsulProcess;
let registry: Registry;
let agents: readonly AgentProcess[];

beforeAll(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
  const ports = await freePorts(2);
  agents = ports.map((port, tier) => {
    const id = `calculator-${tier + 1}`;
    return startAgent({
      config: {
        agent: { id: `agent-${tier + 1}` },
        registry: { address: consul.address },
        // The second has no admin API.
        ...(tier === 0 && { admin: { listen: '127.0.0.1:0' } }),
        services: [
          {
            ...{ name: 'calculator', id, address: '127.0.0.1', port, tier, drain: { grace: 0 } },
            ...{ probe: PATIENT_PROBE, restart: { stableAfter: '1s' } },
          },
        ],
      },
      command: calculatorCommand(
        '--port',
        String(port),
        '--instance',
        id,
        '--drain-grace-ms',
        '0',
        ...(tier === 0 ? ['--service-time-ms', '1'] : []),
      ),
    });
  });
  await Promise.all(agents.map((agent, at) => agent.said(`calculator-${at + 1}: registered as passing`)));
});
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await registry.close();
  await consul.stop();
});

const run = (...args: readonly string[]): Promise<CliEnd> =>
  startCli(args, { CONSUL_HTTP_ADDR: consul.address }).exited;

const health = async (id: string): Promise<string | undefined> =>
  (await registry.snapshot({ service: 'calculator' })).instances.find((one) => one.id === id)?.health;

describe('understudy drain and undrain', () => {
  it('take an instance out of the calls and bring it back, each with a sentence', async () => {
    const drained = await run('drain', 'calculator-1', '--reason', 'new disk', '--for', '5m');
    expect(drained).toMatchObject({ code: 0, stderr: '' });
    expect(drained.stdout).toMatch(
      /^calculator-1 is drained: callers leave it, and its server runs on\ncallers have let go after [\d.]+ s: no call in flight, and none begun for a second\n$/,
    );
    await until(async () => (await health('calculator-1')) === 'maintenance', { what: 'the maintenance' });
    expect((await run('status', 'calculator')).stdout).toContain('new disk');
    expect((await run('undrain', 'calculator-1')).code).toBe(0);
    await until(async () => (await health('calculator-1')) === 'passing', { what: 'the end of the maintenance' });
    const again = await run('undrain', 'calculator-1');
    expect(again).toMatchObject({ code: 1, stderr: 'understudy undrain: calculator-1 is not drained\n' });
  });

  it('tell a mistake with code 2, and an agent that cannot be asked with code 1', async () => {
    const [unknown, noReason, badTime, unasked] = await Promise.all([
      run('drain', 'calculator-9', '--reason', 'x'),
      run('drain', 'calculator-1'),
      run('drain', 'calculator-1', '--reason', 'x', '--for', '10 days'),
      run('restart', 'calculator-2'),
    ]);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no instance calculator-9') as string });
    expect(noReason).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') as string });
    expect(badTime).toMatchObject({ code: 2, stderr: expect.stringContaining('1s to 168h') as string });
    expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining('needs admin.listen') as string });
  });
});

describe('understudy faults and explain', () => {
  it('list what happened, and tell the whole story of it', async () => {
    process.kill(await agents[0]!.serverPid(), 'SIGKILL');
    const listed = await until(
      async () => {
        const end = await run('faults', 'calculator', '--since', '1h', '--json');
        const { incidents } = JSON.parse(end.stdout) as { incidents: readonly { id: string; outcome?: string }[] };
        return incidents.find(({ outcome }) => outcome === 'recovered');
      },
      { what: 'the incident to be closed', timeoutMs: 30_000 },
    );
    const text = await run('faults');
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(
      new RegExp(`^${listed.id} +calculator +calculator-1 .* recovered +server ended: signal SIGKILL$`, 'm'),
    );
    const story = await run('explain', listed.id);
    expect(story.code).toBe(0);
    expect(story.stdout).toMatch(/\+0 ms +child +detected +server ended: signal SIGKILL/);
    expect(story.stdout).toMatch(/probe +verified/);
    expect(story.stdout).toMatch(/registry +rejoined/);
    expect(await run('explain', 'calculator-1-nothing')).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining('no agent knows an incident calculator-1-nothing') as string },
    });
    expect(await run('faults', 'no-such-service')).toMatchObject({ code: 0, stdout: 'no incident\n' });
  });
});

describe('understudy restart', () => {
  it('has a new process serve, under the same id', async () => {
    const before = await agents[0]!.serverPid();
    const starts = agents[0]!.lines.filter((line) => line['epoch'] !== undefined).length;
    expect(await run('restart', 'calculator-1', '--reason', 'new settings')).toMatchObject({
      ...{ code: 0, stdout: 'calculator-1 is being restarted\n' },
    });
    expect(await agents[0]!.serverPid(starts + 1)).not.toBe(before);
    await until(async () => (await health('calculator-1')) === 'passing', { what: 'the new process to be known' });
  });
});

describe('understudy failover and failback', () => {
  let understudy: Understudy;
  let client: CalculatorClient;
  const changes: string[] = [];

  beforeEach(() => {
    understudy = registerUnderstudy({
      services: [calculatorService],
      // A second attempt is answered by the other server, whoever the calls belong to.
      hedging: false,
      perService: { calculator: { failback: 'manual' } },
    });
    for (const kind of ['failover', 'failback'] as const)
      understudy.events.on(kind, ({ reason }) => changes.push(`${kind}: ${reason}`));
    const target = `consul://${consul.address}/calculator`;
    client = new CalculatorClient(target, credentials.createInsecure(), understudy.channelOptions);
  });
  afterEach(async () => {
    client.close();
    await understudy.close();
  });

  const serves = (id: string): Promise<unknown> =>
    until(async () => (await add(client)).instance === id, { what: `${id} to take the calls` });

  it('move a running caller to the backup and back, and keep what else is set', async () => {
    await registry.writeSetting('understudy/services/calculator', '{"spillOver":false}');
    await serves('calculator-1');
    const over = await run('failover', 'calculator');
    expect(over).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('calculator-2 leads') as string,
    });
    await serves('calculator-2');
    expect(await run('failover', 'calculator', '--to', 'calculator-1')).toMatchObject({ code: 0 });
    await serves('calculator-1');
    expect(await run('failover', 'calculator', '--to', 'calculator-2')).toMatchObject({ code: 0 });
    await serves('calculator-2');
    expect(await run('failback', 'calculator')).toMatchObject({ code: 0 });
    await serves('calculator-1');
    expect(changes[0]).toBe('failover: an operator ordered it');
    expect(changes.at(-1)).toMatch(/^failback: /);
    const stopper = new AbortController();
    const text = await new Promise<string>((resolve) => {
      const listen = (event: { type: string; text?: string | null }): void => resolve(event.text ?? '');
      void registry.followSetting('understudy/services/calculator', listen, stopper.signal);
    });
    stopper.abort();
    expect(JSON.parse(text)).toMatchObject({ spillOver: false, order: { lead: [] } });
  });

  it('refuse what no caller would follow', async () => {
    const [unknown, nobody] = await Promise.all([
      run('failover', 'calculator', '--to', 'calculator-9'),
      run('failover', 'no-such-service'),
    ]);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('calculator-1, calculator-2') as string });
    expect(nobody).toMatchObject({ code: 2, stderr: 'understudy failover: no-such-service is not registered\n' });
  });
});
