/**
 * The agent is killed at each step of a recovery, and started again with the same configuration and journal: its next run
 * finishes what it found. Each step is known by what a hook or the journal says, not by a time.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJournalLine } from '../../agent/journal/journal-line';
import { foldIncidents, type Incident } from '../../core/domain/incident-record';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { until } from '../../scripts/chaos/until';
import { freePorts } from '../../scripts/consul/free-ports';
import { LONG_CHAOS } from '../support/chaos/long-form';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { PATIENT_PROBE } from '../support/patient-probe';
import { processesWith } from '../support/processes';

jest.setTimeout(120_000);

let consul: ConsulProcess;
let registry: Registry;
let folder: string;
let port: number;
let agent: AgentProcess;

beforeAll(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-killed-'));
  [port = 0] = await freePorts(1);
});
afterEach(async () => {
  await agent.stop();
  for (const pid of [...processesWith(folder), ...servers()]) process.kill(pid, 'SIGKILL');
  await until(() => processesWith(folder).length + servers().length === 0, { what: 'everybody to be gone' });
  rmSync(folder, { recursive: true });
});
afterAll(async () => {
  await registry.close();
  await consul.stop();
});

const path = (name: string): string => join(folder, name);
const linesOf = (name: string): readonly string[] =>
  existsSync(path(name)) ? readFileSync(path(name), 'utf8').split('\n').filter(Boolean) : [];

/** Says what it does and for which attempt; hangs while there is a file of its name. */
const hook = (word: string): readonly string[] => [
  process.execPath,
  '-e',
  `const { appendFileSync, existsSync } = require('fs');
  const [folder, word] = process.argv.slice(1);
  const { UNDERSTUDY_INCIDENT, UNDERSTUDY_ATTEMPT } = process.env;
  appendFileSync(folder + '/hooks', word + ' ' + UNDERSTUDY_ATTEMPT + ' ' + UNDERSTUDY_INCIDENT + '\\n');
  const wait = () => existsSync(folder + '/hang-' + word) && setTimeout(wait, 20);
  wait();`,
  folder,
  word,
];
const hang = (word: string): void => writeFileSync(path(`hang-${word}`), '');
const letGo = (word: string): void => rmSync(path(`hang-${word}`), { force: true });

function start(): AgentProcess {
  const ladder = [
    { type: 'exec', command: hook('act'), attempts: 1 },
    { type: 'child', attempts: 5 },
  ];
  agent = startAgent({
    config: {
      ...{ agent: { id: 'agent-a' }, registry: { address: consul.address }, journal: { folder } },
      services: [
        {
          ...{ name: 'calculator', id: 'calculator-1', address: '127.0.0.1', port, drain: { grace: 0 } },
          ...{ probe: PATIENT_PROBE, restart: { stableAfter: '500ms', killAfter: '300ms', initialDelay: '10ms' } },
          recovery: {
            ...{ ladder, grace: '100ms' },
            ...{ restore: { command: hook('restore') }, check: { command: hook('check') } },
          },
          // One slot: were it not free again, nobody could recover.
          guard: { atOnce: 1 },
        },
      ],
    },
    command: calculatorCommand('--port', String(port), '--instance', mark(), '--drain-grace-ms', '0'),
  });
  return agent;
}

const mark = (): string => `killed-${process.pid}-${port}`;
const servers = (): readonly number[] => processesWith(mark()).filter((pid) => pid !== agent.pid);

function incidents(): readonly Incident[] {
  const records = linesOf('agent-a.jsonl').map(parseJournalLine);
  return foldIncidents(records.filter((one) => one !== undefined));
}
const steps = (): string => (incidents()[0]?.steps ?? []).map(({ kind, action = '' }) => `${kind} ${action};`).join('');

async function killAgent(): Promise<void> {
  agent.signal('SIGKILL');
  await agent.exited;
}

const passing = (): Promise<unknown> =>
  until(
    async () => (await registry.snapshot({ service: 'calculator' })).instances.some((one) => one.health === 'passing'),
    { what: 'the server to be passing', timeoutMs: 40_000 },
  );

interface Step {
  readonly at: string;
  /** Hooks that hang until the agent is dead. */
  readonly hanging: readonly string[];
  /** What tells that the step is reached. */
  readonly reached: () => boolean;
  /** Played in the short form too, see LONG_CHAOS. */
  readonly alsoInShort?: true;
}

const STEPS: readonly Step[] = [
  { at: 'when the fault is detected', hanging: ['act'], reached: () => steps().includes('detected ;') },
  { at: 'when it is decided what to do', hanging: ['act'], reached: () => steps().includes('decided ;') },
  // Waits for the slot of the dead agent: Consul frees it after twice its TTL of 10 s.
  { at: 'during a hook', hanging: ['act'], reached: () => linesOf('hooks').length === 1 },
  { at: 'when the server is told to end', hanging: [], reached: () => steps().includes('SIGTERM;') },
  {
    alsoInShort: true,
    at: 'during the restore',
    hanging: ['restore'],
    reached: () => linesOf('hooks').some((line) => line.startsWith('restore')),
  },
  {
    at: 'during the check',
    hanging: ['check'],
    reached: () => linesOf('hooks').some((line) => line.startsWith('check')),
  },
  { at: 'before the server returns', hanging: [], reached: () => steps().includes('verified ;') },
];

it.each(LONG_CHAOS ? STEPS : STEPS.filter(({ alsoInShort }) => alsoInShort))(
  'finishes a recovery whose agent was killed $at, and does nothing twice',
  async ({ hanging, reached }) => {
    start();
    await passing();
    const sick = await agent.serverPid();
    for (const word of hanging) hang(word);
    process.kill(sick, 'SIGSTOP');
    await until(reached, { what: 'the step', timeoutMs: 30_000, everyMs: 2 });
    await killAgent();
    // What a torn write leaves.
    appendFileSync(path('agent-a.jsonl'), '{"v":1,"incident":"calcul');
    for (const word of hanging) letGo(word);
    start();
    const ended = await until(() => incidents().find(({ phase }) => phase === 'closed'), {
      what: 'the incident to be closed',
      timeoutMs: 60_000,
    });
    await passing();
    expect(incidents()).toHaveLength(1);
    expect(ended.steps.find(({ kind }) => kind === 'resumed')?.sentence).toContain('found this open');
    expect(ended.outcome).toBe('recovered');
    const hooks = linesOf('hooks');
    expect(new Set(hooks).size).toBe(hooks.length);
    expect(hooks.every((line) => line.endsWith(ended.id))).toBe(true);
    // The end of a restore that nobody saw is no end: it is done again, as another attempt.
    expect(ended.steps).toContainEqual(expect.objectContaining({ action: 'restore', ok: true }));
    expect(servers()).toHaveLength(1);
    expect(servers()).not.toContain(sick);
  },
);

it('ends the hook that its earlier run had begun before it begins another', async () => {
  start();
  await passing();
  hang('restore');
  process.kill(await agent.serverPid(), 'SIGKILL');
  const restoring = (): readonly number[] => processesWith(`${folder}\0restore`);
  const [left] = await until(() => restoring().length === 1 && restoring(), { what: 'a restore', timeoutMs: 30_000 });
  await killAgent();
  start();
  await agent.said(`ended process ${left ?? 0}, a hook that an earlier run of this agent had begun`);
  await until(() => !restoring().includes(left ?? 0), { what: 'the hook to be gone' });
  letGo('restore');
  await until(() => incidents().some(({ outcome }) => outcome === 'recovered'), {
    what: 'the server to be well',
    timeoutMs: 30_000,
  });
  expect(linesOf('hooks').map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'restore 1',
    'restore 2',
    'check 3',
  ]);
});

it('takes up the server that its earlier run left, and neither starts nor restores another', async () => {
  start();
  await passing();
  const server = await agent.serverPid();
  await killAgent();
  start();
  await agent.said('an earlier run of this agent started the server; taking it up');
  await agent.said('registered as passing');
  expect(servers()).toEqual([server]);
  expect(linesOf('hooks')).toEqual([]);
  process.kill(server, 'SIGKILL');
  await until(() => incidents().some(({ outcome }) => outcome === 'recovered'), {
    what: 'a new server to be well',
    timeoutMs: 30_000,
  });
  expect(linesOf('hooks').map((line) => line.split(' ')[0])).toEqual(['restore', 'check']);
  expect(servers()).toHaveLength(1);
  await agent.stop();
  await until(() => servers().length === 0, { what: 'the server to end with its agent' });
});

it('leaves a server alone whose agent still runs', async () => {
  const first = start();
  await passing();
  const second = start();
  await expect(second.exited).resolves.toEqual({ code: 1, signal: null });
  expect(second.stderr()).toContain(`calculator-1 is looked after already: agent process ${first.pid} runs`);
  agent = first;
  await second.stop();
  expect(servers()).toEqual([await first.serverPid()]);
});
