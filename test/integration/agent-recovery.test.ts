/** Recoveries by hooks, with real servers, a real Consul, and an agent that is killed in the middle of one. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJournalLine } from '../../agent/journal/journal-line';
import { foldIncidents, type Incident } from '../../core/domain/incident-record';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { freePorts } from '../../scripts/consul/free-ports';
import { startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startCalculator, type CalculatorProcess } from '../../scripts/chaos/calculator-process';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { startHealthServer, type HealthServer } from '../support/health-server';
import { processesWith } from '../support/processes';
import { PATIENT_PROBE } from '../support/patient-probe';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(120_000);

let consul: ConsulProcess;
let registry: Registry;
let folder: string;
const agents: AgentProcess[] = [];
const calculators: CalculatorProcess[] = [];
const servers: HealthServer[] = [];

beforeAll(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-recovery-'));
});
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
  await Promise.all(calculators.splice(0).map((calculator) => calculator.stop()));
  for (const server of servers.splice(0)) server.stop();
  for (const pid of processesWith(folder)) process.kill(pid, 'SIGKILL');
  await until(() => processesWith(folder).length === 0, { what: 'the hooks to be gone' });
  rmSync(folder, { recursive: true });
});
afterAll(async () => {
  await registry.close();
  await consul.stop();
});

function start(port: number, recovery: object, change: object = {}): AgentProcess {
  const service = {
    ...{ name: 'calculator', id: 'calculator-1', address: '127.0.0.1', port, drain: { grace: 0 } },
    ...{ probe: PATIENT_PROBE, restart: { stableAfter: '1s' }, recovery },
    ...change,
  };
  const agent = startAgent({
    config: {
      agent: { id: 'agent-a' },
      registry: { address: consul.address },
      journal: { folder },
      services: [service],
    },
  });
  agents.push(agent);
  return agent;
}

async function becomes(health: string): Promise<string> {
  const entry = await until(
    async () => {
      const { instances } = await registry.snapshot({ service: 'calculator' });
      return instances.find((instance) => instance.id === 'calculator-1' && instance.health === health);
    },
    { what: `calculator-1 to be ${health}`, timeoutMs: 30_000 },
  );
  return entry.reason;
}

function incidents(): readonly Incident[] {
  const file = join(folder, 'agent-a.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').map(parseJournalLine);
  return foldIncidents(lines.filter((one) => one !== undefined));
}

const node = (text: string, ...args: string[]): readonly string[] => [process.execPath, '-e', text, ...args];

it('ends a hung server by a signal, and lets its successor in only when its data is back and it is checked', async () => {
  const [port = 0] = await freePorts(1);
  const instance = `recovery-${process.pid}`;
  const args = ['--drain-grace-ms', '0'];
  const first = await startCalculator({ instance, port, args });
  calculators.push(first);
  const log = join(folder, 'hooks.log');
  const write = (word: string) =>
    node(`require('fs').appendFileSync(process.argv[1], '${word} ' + process.env.UNDERSTUDY_INSTANCE + '\\n')`, log);
  start(port, {
    ladder: [{ type: 'signal', match: instance, signal: 'SIGKILL', attempts: 2 }],
    restore: { command: write('restore') },
    check: { command: write('check') },
  });
  await becomes('passing');
  expect(existsSync(log)).toBe(false);
  first.signal('SIGSTOP');
  await expect(first.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
  calculators.push(await startCalculator({ instance, port, args }));
  await becomes('passing');
  expect(readFileSync(log, 'utf8')).toBe('restore calculator-1\ncheck calculator-1\n');
  const incident = await until(() => incidents().find(({ phase }) => phase === 'closed'), { what: 'the end' });
  const actions = incident.steps.filter(({ kind }) => kind === 'acted').map(({ action, ok }) => `${action} ${ok}`);
  expect(actions).toEqual(['signal true', 'restore true', 'check true']);
  expect(incident.steps.map(({ kind }) => kind).slice(-3)).toEqual(['verified', 'rejoined', 'closed']);
});

it('does nothing twice when it is killed during a hook: its successor waits, and counts on', async () => {
  const server = await startHealthServer();
  servers.push(server);
  const log = join(folder, 'hooks.log');
  const hook = node(
    `require('fs').appendFileSync(process.argv[1], process.env.UNDERSTUDY_ATTEMPT + '\\n'); setInterval(() => undefined, 1000)`,
    log,
  );
  const recovery = { grace: '2s', ladder: [{ type: 'exec', command: hook, timeout: '60s', attempts: 5 }] };
  const first = start(server.port, recovery, { guard: { atOnce: 0 } });
  await becomes('passing');
  server.setServing(false);
  await until(() => existsSync(log), { what: 'the first attempt', timeoutMs: 20_000 });
  first.signal('SIGKILL');
  await first.exited;
  const second = start(server.port, recovery, { guard: { atOnce: 0 } });
  await until(() => readFileSync(log, 'utf8') === '1\n2\n', { what: 'the second attempt', timeoutMs: 30_000 });
  expect(second.lines.some(({ message }) => message.includes('attempt 2, rung 1 of 1'))).toBe(true);
  expect(incidents()).toHaveLength(1);
  server.setServing(true);
  await becomes('passing');
});

it('gives up on a hook that always fails, says so in the catalog, and is well again by itself', async () => {
  const server = await startHealthServer();
  servers.push(server);
  start(
    server.port,
    { ladder: [{ type: 'exec', command: node('console.error("no such service"); process.exit(5)') }] },
    { restart: { maxAttempts: 2, initialDelay: '10ms', maxDelay: '20ms', window: '30s', stableAfter: '1s' } },
  );
  await becomes('passing');
  server.setServing(false);
  await until(async () => (await becomes('critical')).includes('given up after 2 attempts within 30 s'), {
    what: 'the catalog to say that it was given up',
    timeoutMs: 20_000,
  });
  const failed = incidents()[0]?.steps.find(({ kind }) => kind === 'acted');
  expect(failed).toMatchObject({ ok: false, output: 'no such service\n', action: 'exec' });
  server.setServing(true);
  await becomes('passing');
});
