/**
 * A machine that dies with its agent: the others see it in a real Consul, and exactly one of them acts, also when the one
 * that acts is killed in the middle. What a guardian does is a webhook that this test receives, and may leave unanswered.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJournalLine } from '../../agent/journal/journal-line';
import { foldIncidents, type Incident } from '../../core/domain/incident-record';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { startHealthServer, type HealthServer } from '../support/health-server';
import { HookReceiver } from '../support/hook-receiver';
import { PATIENT_PROBE } from '../support/patient-probe';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(170_000);

interface Told {
  readonly instance: string;
  readonly fence: string;
  readonly reason: string;
}

const FLEET = 4;
let consul: ConsulProcess;
let registry: Registry;
let hooks: HookReceiver<Told>;
let folder: string;
const servers: HealthServer[] = [];
const agents: AgentProcess[] = [];

beforeAll(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
  hooks = await HookReceiver.start();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-guardian-'));
  for (let at = 0; at < FLEET; at++) {
    const server = await startHealthServer();
    servers.push(server);
    agents.push(start(at, server.port));
  }
  await passing(FLEET);
});

afterEach(async () => {
  hooks.forget();
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
  for (const server of servers.splice(0)) server.stop();
  for (const { id } of await registry.registered()) await registry.deregister(id);
  // What came while they ended.
  hooks.forget();
  rmSync(folder, { recursive: true });
});

afterAll(async () => {
  await hooks.stop();
  await registry.close();
  await consul.stop();
});

function start(at: number, port: number): AgentProcess {
  const { url } = hooks;
  const service = {
    ...{ name: 'calculator', id: `calculator-${at}`, address: '127.0.0.1', port, ttl: '3s', beat: '500ms' },
    ...{ beatTimeout: '1s', probe: PATIENT_PROBE, drain: { grace: 0 } },
    restart: { stableAfter: '1s' },
    guardian: { after: '1s', onLost: [{ type: 'webhook', url, timeout: '60s' }] },
  };
  const config = { agent: { id: `agent-${at}` }, registry: { address: consul.address }, journal: { folder } };
  return startAgent({ config: { ...config, services: [service] } });
}

function passing(count: number): Promise<unknown> {
  return until(
    async () => {
      const { instances } = await registry.snapshot({ service: 'calculator' });
      return instances.filter(({ health }) => health === 'passing').length === count;
    },
    { what: `${count} instances to be passing`, timeoutMs: 60_000, everyMs: 50 },
  );
}

/** The machine: agent and server at once. */
async function dies(at: number): Promise<void> {
  servers[at]?.stop();
  agents[at]?.signal('SIGKILL');
  await agents[at]?.exited;
}

const says = (at: number, text: string): boolean =>
  agents[at]?.lines.some(({ message }) => message.startsWith('guardian of') && message.includes(text)) === true;

it('is handled by exactly one of the others, which keeps the record, and again when it dies anew', async () => {
  await dies(0);
  await until(() => hooks.told.length > 0, { what: 'a guardian to act', timeoutMs: 30_000 });
  expect(hooks.told[0]).toMatchObject({
    instance: 'calculator-0',
    reason: expect.stringMatching(/agent is gone/) as string,
  });
  await until(() => [1, 2, 3].filter((at) => says(at, 'has done it')).length === 2, {
    what: 'the other two to find it done',
    timeoutMs: 30_000,
  });
  expect(hooks.told).toHaveLength(1);
  const server = await startHealthServer();
  servers.push(server);
  agents[0] = start(0, server.port);
  const guardian = [1, 2, 3].find((at) => says(at, 'its agent is gone')) ?? 0;
  const incident = await until(() => closedIncident(guardian), {
    what: 'the incident to be closed',
    timeoutMs: 40_000,
  });
  expect(incident).toMatchObject({ instance: 'calculator-0', agent: `agent-${guardian}`, outcome: 'recovered' });
  expect(incident.steps.map(({ kind }) => kind)).toEqual([
    ...['detected', 'acting', 'acted', 'verified', 'rejoined', 'closed'],
  ]);
  await dies(0);
  await until(() => hooks.told.length > 1, { what: 'a guardian to act again', timeoutMs: 30_000 });
});

it('is taken over when the guardian is killed while it holds the lock, by exactly one, with a higher fence', async () => {
  hooks.silent = true;
  await dies(0);
  await until(() => hooks.told.length === 1, { what: 'a guardian to act', timeoutMs: 30_000 });
  const holder = [1, 2, 3].find((at) => says(at, 'its agent is gone')) ?? 0;
  expect(holder).toBeGreaterThan(0);
  agents[holder]?.signal('SIGKILL');
  await agents[holder]?.exited;
  const left = [1, 2, 3].filter((at) => at !== holder);
  const ofFirst = (): readonly Told[] => hooks.told.filter(({ instance }) => instance === 'calculator-0');
  await until(() => ofFirst().length === 2, { what: 'another to take over', timeoutMs: 60_000 });
  await until(() => left.filter((at) => says(at, 'has done it')).length >= 1, {
    what: 'the third to find it done',
    timeoutMs: 60_000,
  });
  expect(left.filter((at) => says(at, 'goes on after 0 of 1 actions'))).toHaveLength(1);
  expect(ofFirst()).toHaveLength(2);
  expect(BigInt(ofFirst()[1]!.fence)).toBeGreaterThan(BigInt(ofFirst()[0]!.fence));
});

it('leaves alone what its own agent calls ill, and whoever leaves in order', async () => {
  servers[0]?.setServing(false);
  await passing(FLEET - 1);
  await agents[1]?.stop();
  await passing(FLEET - 2);
  await dies(2);
  await until(() => hooks.told.length > 0, { what: 'a guardian to act for the one that died', timeoutMs: 30_000 });
  expect(new Set(hooks.told.map(({ instance }) => instance))).toEqual(new Set(['calculator-2']));
});

function closedIncident(at: number): Incident | undefined {
  const lines = readFileSync(join(folder, `agent-${at}.jsonl`), 'utf8').split('\n');
  return foldIncidents(lines.map(parseJournalLine).filter((one) => one !== undefined)).find(
    ({ phase, instance }) => phase === 'closed' && instance === 'calculator-0',
  );
}
