/** What a real agent leaves on record of a real fault, also when it is killed in the middle. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJournalLine } from '../../agent/journal/journal-line';
import { foldIncidents, type Incident } from '../../core/domain/incident-record';
import { freePorts } from '../../scripts/consul/free-ports';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startCalculator, type CalculatorProcess } from '../../scripts/chaos/calculator-process';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { PATIENT_PROBE } from '../support/patient-probe';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(90_000);

let consul: ConsulProcess;
let folder: string;
let port: number;
const agents: AgentProcess[] = [];
const calculators: CalculatorProcess[] = [];

beforeAll(async () => {
  consul = await startConsul();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-journal-'));
  [port = 0] = await freePorts(1);
});
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
  await Promise.all(calculators.splice(0).map((calculator) => calculator.stop()));
  rmSync(folder, { recursive: true });
});
afterAll(() => consul.stop());

function start(command: readonly string[] = []): AgentProcess {
  const agent = startAgent({
    config: {
      agent: { id: 'agent-a' },
      registry: { address: consul.address },
      journal: { folder },
      services: [
        {
          ...{ name: 'calculator', id: 'calculator-1', address: '127.0.0.1', port, drain: { grace: 0 } },
          probe: PATIENT_PROBE,
          restart: { stableAfter: '1s' },
        },
      ],
    },
    command,
  });
  agents.push(agent);
  return agent;
}

function incidents(): readonly Incident[] {
  const text = readFileSync(join(folder, 'agent-a.jsonl'), 'utf8');
  return foldIncidents(
    text
      .split('\n')
      .map(parseJournalLine)
      .filter((one) => one !== undefined),
  );
}

const isClosed = (): Incident | undefined => incidents().find(({ phase }) => phase === 'closed');

it('keeps the whole story of a killed server in its journal', async () => {
  const agent = start(calculatorCommand('--port', String(port), '--instance', 'calculator-1'));
  await agent.said('registered as passing');
  process.kill(await agent.serverPid(), 'SIGKILL');
  const incident = await until(isClosed, { what: 'the incident to be closed', timeoutMs: 25_000 });
  expect(incident).toMatchObject({ service: 'calculator', agent: 'agent-a', outcome: 'recovered' });
  expect(incident.cause).toBe('server ended: signal SIGKILL');
  const kinds = incident.steps.map(({ kind }) => kind);
  expect(kinds.filter((kind) => !['decided', 'acted'].includes(kind))).toEqual([
    'detected',
    'verified',
    'rejoined',
    'closed',
  ]);
  expect(incident.downTimes).toEqual([
    { fromMs: 0, detectedMs: 0, verifiedMs: expect.any(Number) as number, toMs: expect.any(Number) as number },
  ]);
});

it('goes on with an incident whose agent was killed in the middle of a line', async () => {
  const calculator = await startCalculator({ instance: 'calculator-1', port, args: ['--drain-grace-ms', '0'] });
  const first = start();
  await first.said('registered as passing');
  await calculator.stop();
  await first.said('begins');
  first.signal('SIGKILL');
  await first.exited;
  appendFileSync(join(folder, 'agent-a.jsonl'), '{"v":1,"incident":"calculator-1-');
  calculators.push(await startCalculator({ instance: 'calculator-1', port, args: ['--drain-grace-ms', '0'] }));
  start();
  const incident = await until(isClosed, { what: 'the incident to be closed', timeoutMs: 25_000 });
  expect(incidents()).toHaveLength(1);
  const kinds = incident.steps.map(({ kind }) => kind);
  expect(kinds.slice(kinds.indexOf('detected'))).toEqual(['detected', 'resumed', 'verified', 'rejoined', 'closed']);
  expect(readdirSync(folder)).toEqual(['agent-a.jsonl']);
});
