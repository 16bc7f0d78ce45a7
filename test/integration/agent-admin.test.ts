/** The admin API of a real agent: who may ask, what it answers, and that the agents are found by one name in Consul. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT_SERVICE, hostPort, type CatalogEntry } from '../../core/domain/instance';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { freePorts } from '../../scripts/consul/free-ports';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { PATIENT_PROBE } from '../support/patient-probe';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(90_000);

let consul: ConsulProcess;
let registry: Registry;
let folder: string;
let port: number;
const agents: AgentProcess[] = [];

beforeAll(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-admin-'));
  [port = 0] = await freePorts(1);
});
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
  rmSync(folder, { recursive: true });
});
afterAll(async () => {
  await registry.close();
  await consul.stop();
});

function start(admin: object): AgentProcess {
  const agent = startAgent({
    config: {
      ...{ agent: { id: 'agent-a' }, registry: { address: consul.address }, journal: { folder }, admin },
      services: [
        {
          ...{ name: 'calculator', id: 'calculator-1', address: '127.0.0.1', port, drain: { grace: 0 } },
          probe: PATIENT_PROBE,
        },
      ],
    },
    command: calculatorCommand('--port', String(port), '--instance', 'calculator-1', '--drain-grace-ms', '0'),
  });
  agents.push(agent);
  return agent;
}

const entryOf = async (service: string): Promise<CatalogEntry | undefined> =>
  (await registry.snapshot({ service })).instances[0];

/** Where the agent says that it is. */
async function api(): Promise<string> {
  const entry = await until(
    async () => ((await entryOf(AGENT_SERVICE))?.health === 'passing' ? entryOf(AGENT_SERVICE) : 0),
    {
      what: 'the agent to be found in Consul',
      timeoutMs: 25_000,
    },
  );
  return `http://${hostPort(entry)}`;
}

async function act(url: string, body: object): Promise<{ readonly status: number; readonly body: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/actions`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

const healthIs = (health: string): Promise<unknown> =>
  until(async () => (await entryOf('calculator'))?.health === health, { what: `the calculator to be ${health}` });

it('drains and undrains an instance where callers see it, also when its agent is killed meanwhile', async () => {
  const first = start({ listen: '127.0.0.1:0' });
  await first.said('calculator-1: registered as passing');
  const drained = await act(await api(), {
    ...{ action: 'drain', instance: 'calculator-1', reason: 'new disk', forMs: 60_000 },
  });
  expect(drained.status).toBe(200);
  await healthIs('maintenance');
  expect((await entryOf('calculator'))?.reason).toMatch(/drained until .*: new disk/);
  const server = await first.serverPid();
  first.signal('SIGKILL');
  await first.exited;
  process.kill(server, 'SIGKILL');
  const second = start({ listen: '127.0.0.1:0' });
  await second.said('passed its first probe');
  const asked = await until(
    async () => {
      const answer = await act(await api(), { action: 'undrain', instance: 'calculator-1' }).catch(() => undefined);
      return answer?.status === 200 && answer;
    },
    { what: 'the next run to know of the drain', timeoutMs: 20_000 },
  );
  expect(asked.body).toEqual({ done: 'calculator-1 gets calls again' });
  await healthIs('passing');
});

it('restarts a server by wish, which is no incident, and tells figures and status', async () => {
  const agent = start({ listen: '127.0.0.1:0' });
  await agent.said('calculator-1: registered as passing');
  const before = await agent.serverPid();
  const url = await api();
  expect((await act(url, { action: 'restart', instance: 'calculator-1', reason: 'new settings' })).status).toBe(200);
  expect(await agent.serverPid(2)).not.toBe(before);
  await agent.said('passed its first probe', agent.lines.length);
  const status: unknown = await (await fetch(`${url}/v1/status`)).json();
  expect(status).toMatchObject({ agent: 'agent-a', services: [{ id: 'calculator-1', restarts: 1 }] });
  expect(await (await fetch(`${url}/v1/incidents`)).json()).toEqual({ agent: 'agent-a', incidents: [] });
  expect(await (await fetch(`${url}/metrics`)).text()).toContain(
    'understudy_restarts{service="calculator",instance="calculator-1"} 1',
  );
});

it('tells a mistake with what is allowed', async () => {
  const agent = start({ listen: '127.0.0.1:0' });
  await agent.said('calculator-1: registered as passing');
  const url = await api();
  expect(await act(url, { action: 'drain', instance: 'calculator-1', reason: '', forMs: 5 })).toMatchObject({
    ...{ status: 400, body: { error: expect.stringMatching(/reason: .*forMs: /) as string } },
  });
  expect((await act(url, { action: 'undrain', instance: 'calculator-9' })).body).toEqual({
    error: 'this agent does not look after calculator-9',
  });
  const page = await fetch(`${url}/v1/status`, { headers: { origin: 'http://evil.example' } });
  expect(page.status).toBe(403);
});

it('answers only who brings the token, where there is one', async () => {
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'open-sesame\n');
  const agent = start({ listen: '0.0.0.0:0', tokenFile });
  await agent.said('calculator-1: registered as passing');
  const url = await api();
  const ask = async (path: string, token?: string): Promise<number> =>
    (await fetch(`${url}${path}`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).status;
  expect(await ask('/v1/health')).toBe(200);
  expect(await ask('/v1/status')).toBe(401);
  expect(await ask('/metrics', 'close-sesame')).toBe(401);
  expect(await ask('/metrics', 'open-sesame')).toBe(200);
  expect(JSON.stringify(agent.lines)).not.toContain('open-sesame');
});

it('does not open to other machines without a token', async () => {
  const agent = start({ listen: '0.0.0.0:0' });
  expect((await agent.exited).code).toBe(2);
  expect(agent.stderr()).toContain('admin.listen');
  expect(agent.stderr()).toContain('allowed: tokenFile, or a loopback address');
});
