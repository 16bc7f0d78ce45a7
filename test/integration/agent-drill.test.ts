/** Drills by the calendar: real agents that beat beside real servers, a real Consul, and a caller that follows. */
import { credentials } from '@grpc/grpc-js';
import { AgentsApi } from '../../cli/agents-api';
import { faults } from '../../cli/faults';
import { registerUnderstudy, type Understudy } from '../../index';
import { CalculatorClient, calculatorService, FaultsClient, faultsService } from '../../proto/calculator';
import { settingsKey } from '../../core/domain/order';
import { openRegistry } from '../../registry/factory';
import { readSetting, type Registry } from '../../registry/port';
import { freePorts } from '../../scripts/consul/free-ports';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { add } from '../support/client-bench';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { unary } from '../../scripts/chaos/unary';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(90_000);

let consul: ConsulProcess;
let registry: Registry;
let ports: readonly number[];
const agents: AgentProcess[] = [];
let understudy: Understudy;
let client: CalculatorClient;
const changes: string[] = [];

beforeAll(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
  ports = await freePorts(2);
  const startTier = async (tier: number): Promise<void> => {
    const id = `calculator-${tier + 1}`;
    const service = {
      ...{ name: 'calculator', id, address: '127.0.0.1', port: ports[tier], tier, drain: { grace: 0 } },
      ...{ probe: { interval: '200ms', timeout: '200ms', fall: 100, of: 100 }, restart: { stableAfter: '100ms' } },
      drill: { schedule: '* * * * * *', for: '2s' },
    };
    const config = { registry: { address: consul.address }, admin: { listen: '127.0.0.1:0' }, services: [service] };
    const flags = ['--port', String(ports[tier]), '--instance', id, '--drain-grace-ms', '0', '--allow-faults'];
    const agent = startAgent({
      config: { agent: { id: `agent-${tier + 1}` }, ...config },
      command: calculatorCommand(...flags),
    });
    agents.push(agent);
    await agent.said(`${id}: registered as passing`);
  };
  await startTier(0);
  understudy = registerUnderstudy({
    services: [calculatorService],
    // A second attempt is answered by the other server, whoever the calls belong to.
    hedging: false,
    perService: { calculator: { failback: 'manual' } },
  });
  for (const kind of ['failover', 'failback'] as const) understudy.events.on(kind, () => changes.push(kind));
  const target = `consul://${consul.address}/calculator`;
  client = new CalculatorClient(target, credentials.createInsecure(), understudy.channelOptions);
  await serves('calculator-1');
  // No drill without a backup: the first one finds the caller where it belongs.
  await startTier(1);
});

afterAll(async () => {
  client.close();
  await understudy.close();
  await Promise.all(agents.map((agent) => agent.stop()));
  await registry.close();
  await consul.stop();
});

const said = (text: string): readonly string[] =>
  agents.flatMap(({ lines }) => lines.map(({ message }) => message).filter((message) => message.includes(text)));

const serves = (id: string): Promise<unknown> =>
  until(async () => (await add(client)).instance === id, { what: `${id} to take the calls`, timeoutMs: 20_000 });

it('move the calls of a whole service to its backup and back, by one agent, and end at once when somebody is ill', async () => {
  await serves('calculator-2');
  await serves('calculator-1');
  expect(changes.slice(0, 2)).toEqual(['failover', 'failback']);
  await serves('calculator-2');
  await until(() => said('drill calculator-drill-').length === 3, { what: 'two begun and one ended' });
  expect(said('is over (drilled)')).toHaveLength(1);
  const server = new FaultsClient(`127.0.0.1:${ports[0]}`, credentials.createInsecure());
  await unary(server, faultsService.SetFault, { kind: 'NOT_SERVING' });
  await until(() => said('is over (cut-short)')[0], { what: 'the drill to be cut short' });
  expect(said('is over (cut-short)')[0]).toMatch(/calculator-1 is warning: .*NOT_SERVING/);
  const text = (await readSetting(registry, settingsKey('calculator'))) ?? '';
  expect(JSON.parse(text)).toMatchObject({ order: { lead: [] } });
  await until(() => said('no drill: calculator-1 is warning')[0], { what: 'the next drill to be refused' });
  server.close();
  const printed: string[] = [];
  const tools = { registry, agents: new AgentsApi(registry, {}), nowUnixMs: Date.now() };
  await faults({ ...tools, print: (line) => printed.push(line), warn: () => undefined }, {}, false);
  const drills = printed
    .join()
    .split('\n')
    .filter((line) => line.startsWith('calculator-drill-'));
  expect(drills).toEqual([
    expect.stringMatching(/ calculator +calculator-2 .* 0 ms +drilled +all 2 instances are passing; /),
    expect.stringMatching(/ calculator +calculator-2 .* 0 ms +cut-short +all 2 instances are passing; /),
  ]);
});
