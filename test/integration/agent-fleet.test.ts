/**
 * Twenty agents, each a process of its own, with one Consul, see the same fault at the same moment. What each would do about
 * its server is a webhook that this test receives, so it sees who acts, and when.
 */
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { startHealthServer, type HealthServer } from '../support/health-server';
import { HookReceiver } from '../support/hook-receiver';
import { PATIENT_PROBE } from '../support/patient-probe';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(240_000);

const FLEET = 20;
let consul: ConsulProcess;
let registry: Registry;
let hooks: HookReceiver<{ readonly instance: string }>;
const servers: HealthServer[] = [];
const agents: AgentProcess[] = [];
/** Who had something done about its server, in this order. */
const acted = (): readonly string[] => hooks.told.map(({ instance }) => instance);

beforeAll(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
  hooks = await HookReceiver.start();
});

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
  for (const server of servers.splice(0)) server.stop();
  hooks.forget();
});

afterAll(async () => {
  await hooks.stop();
  await registry.close();
  await consul.stop();
});

/** @param handless so many agents, the first ones, can do nothing about their servers */
async function startFleet(guard: object, handless = 0): Promise<void> {
  for (let at = 0; at < FLEET; at++) {
    const server = await startHealthServer();
    servers.push(server);
    const service = {
      ...{ name: 'calculator', id: `calculator-${at}`, address: '127.0.0.1', port: server.port, guard },
      ...{ probe: PATIENT_PROBE, drain: { grace: 0 } },
      recovery: { grace: '1s', ladder: at < handless ? [] : [{ type: 'webhook', url: hooks.url }] },
    };
    agents.push(startAgent({ config: { registry: { address: consul.address }, services: [service] } }));
  }
  await healthy(FLEET);
}

function healthy(count: number): Promise<unknown> {
  return until(
    async () => {
      const { instances } = await registry.snapshot({ service: 'calculator' });
      return instances.filter(({ health }) => health === 'passing').length === count;
    },
    { what: `${count} instances to be passing`, timeoutMs: 90_000, everyMs: 100 },
  );
}

const indexOf = (instance: string): number => Number(instance.replace('calculator-', ''));

it('does not restart twenty servers for a fault that they share: one at a time, the next when that one is well', async () => {
  await startFleet({ atOnce: 1 });
  for (const server of servers) server.setServing(false);
  await healthy(0);
  const order: string[] = [];
  for (let healed = 0; healed < 3; healed++) {
    const next = await until(() => acted().find((instance) => !order.includes(instance)), {
      what: `recovery ${healed + 1} to begin`,
      timeoutMs: 60_000,
    });
    order.push(next);
    // Its second attempt: whoever else were let in would have come by now.
    await until(() => acted().filter((instance) => instance === next).length >= 2, {
      what: 'a second attempt',
      timeoutMs: 60_000,
    });
    expect(new Set(acted())).toEqual(new Set(order));
    servers[indexOf(next)]?.setServing(true);
  }
  for (const server of servers) server.setServing(true);
  await healthy(FLEET);
  // A few more may have been let in before their own probes saw the end of the fault.
  expect(new Set(acted()).size).toBeLessThan(FLEET / 2);
});

it('restarts nobody at all while too few others serve, and somebody when the fault is his own', async () => {
  const handless = 11;
  await startFleet({ atOnce: 1, minHealthy: 10 }, handless);
  const [some, others] = [servers.slice(0, handless), servers.slice(handless)];
  some.forEach((server) => server.setServing(false));
  await healthy(others.length);
  others.forEach((server) => server.setServing(false));
  const saysWhy = ({ lines }: AgentProcess): boolean =>
    lines.some(({ message }) => message.includes('must for a restart'));
  await until(() => agents.slice(handless).every(saysWhy), {
    what: 'every agent that could to say why it does nothing',
    timeoutMs: 60_000,
  });
  // Those that could act first: while the others were well, an agent that has not looked again yet might.
  others.forEach((server) => server.setServing(true));
  await healthy(others.length);
  expect(acted()).toEqual([]);
  some.forEach((server) => server.setServing(true));
  await healthy(FLEET);
  servers[FLEET - 1]?.setServing(false);
  await until(() => acted().length > 0, { what: 'the one that is ill alone to be restarted', timeoutMs: 60_000 });
  expect(new Set(acted())).toEqual(new Set([`calculator-${FLEET - 1}`]));
});
