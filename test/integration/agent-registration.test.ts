import type { CatalogEntry } from '../../core/domain/instance';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { freePorts } from '../../scripts/consul/free-ports';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startCalculator, type CalculatorProcess } from '../../scripts/chaos/calculator-process';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { PATIENT_PROBE } from '../support/patient-probe';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(90_000);

let consul: ConsulProcess;
let registry: Registry;
const agents: AgentProcess[] = [];
const calculators: CalculatorProcess[] = [];

beforeEach(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
});

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
  await Promise.all(calculators.splice(0).map((calculator) => calculator.stop()));
  await registry.close();
  await consul.stop();
});

function start(services: readonly object[], command: readonly string[] = []): AgentProcess {
  const agent = startAgent({
    config: { agent: { id: 'agent-a' }, registry: { address: consul.address }, services },
    command,
  });
  agents.push(agent);
  return agent;
}

function service(id: string, port: number, change: object = {}): object {
  return {
    name: 'calculator',
    id,
    address: '127.0.0.1',
    port,
    probe: PATIENT_PROBE,
    drain: { grace: 0 },
    ...change,
  };
}

async function calculator(port = 0): Promise<CalculatorProcess> {
  const started = await startCalculator({ instance: 'calculator-1', port, args: ['--drain-grace-ms', '0'] });
  calculators.push(started);
  return started;
}

async function passing(): Promise<readonly CatalogEntry[]> {
  const { instances } = await registry.snapshot({ service: 'calculator' });
  return instances.filter(({ health }) => health === 'passing');
}

const serving = (count: number) =>
  until(async () => (await passing()).length === count && passing(), {
    what: `${count} passing instances`,
    timeoutMs: 25_000,
  });

describe('an agent at a real Consul', () => {
  it('registers its server only after it answered a probe', async () => {
    const [port = 0] = await freePorts(1);
    const agent = start([service('calculator-1', port)]);
    await agent.said('agent agent-a for calculator-1');
    await until(() => consulKnowsNothing(), { what: 'a first look' });
    await calculator(port);
    expect(await serving(1)).toMatchObject([{ id: 'calculator-1', port, owner: 'agent-a', tier: 0 }]);
  });

  it('registers again when Consul was killed and came back empty', async () => {
    const { port } = await calculator();
    start([service('calculator-1', port)]);
    await serving(1);
    await consul.kill('SIGKILL');
    await agents[0]?.said('trouble: ');
    await consul.restart();
    expect(await serving(1)).toMatchObject([{ id: 'calculator-1', port }]);
    await agents[0]?.said('recovered: ');
  });

  it('starts its server although there is no Consul, says so, and registers when it comes', async () => {
    await consul.kill('SIGKILL');
    const [port = 0] = await freePorts(1);
    const agent = start(
      [service('calculator-1', port)],
      calculatorCommand('--port', String(port), '--drain-grace-ms', '0'),
    );
    expect((await agent.said('trouble: ')).message).toContain('Consul at 127.0.0.1');
    await agent.said('critical -> passing');
    await consul.restart();
    await serving(1);
  });

  it('carries several servers, and leaves them all in order', async () => {
    const servers = [await calculator(), await calculator()];
    const agent = start(servers.map(({ port }, at) => service(`calculator-${at + 1}`, port, { tier: at })));
    expect((await serving(2)).map(({ id, tier }) => `${id} ${tier}`)).toEqual(['calculator-1 0', 'calculator-2 1']);
    servers[1]?.signal('SIGSTOP');
    expect(await serving(1)).toMatchObject([{ id: 'calculator-1' }]);
    servers[1]?.signal('SIGCONT');
    await serving(2);
    agent.signal('SIGTERM');
    await expect(agent.exited).resolves.toEqual({ code: 0, signal: null });
    expect((await registry.snapshot({ service: 'calculator' })).instances).toEqual([]);
  });

  it('removes what an earlier run of it left behind', async () => {
    const servers = [await calculator(), await calculator()];
    const first = start(servers.map(({ port }, at) => service(`calculator-${at + 1}`, port)));
    await serving(2);
    first.signal('SIGKILL');
    await first.exited;
    start([service('calculator-1', servers[0]?.port ?? 0)]);
    await until(async () => (await registry.registered()).length === 1, {
      what: 'the ghost to be gone',
      timeoutMs: 25_000,
    });
    expect(await serving(1)).toMatchObject([{ id: 'calculator-1' }]);
  });
});

async function consulKnowsNothing(): Promise<boolean> {
  return (await registry.registered()).length === 0;
}
