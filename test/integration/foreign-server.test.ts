/**
 * Understudy does not ask what a server is written in: a Python server without a health service has an agent, is in the
 * catalog, is killed and brought back, and its callers notice nothing.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { registerUnderstudy, type Understudy } from '../../index';
import type { CatalogEntry } from '../../core/domain/instance';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { freePorts } from '../../scripts/consul/free-ports';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { add } from '../support/client-bench';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { PATIENT_PROBE } from '../support/patient-probe';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(180_000);
/** For each step: some start processes, from the sources if there is no build. */
const PATIENCE_MS = 60_000;

// The one that Debian's package python3-grpcio belongs to, whatever other Python there is.
const PYTHON = '/usr/bin/python3';
const SERVER = join(__dirname, '..', 'support', 'foreign_server.py');

function whyNot(): string | undefined {
  const { status, error, stderr } = spawnSync(PYTHON, ['-c', 'import grpc'], { encoding: 'utf8' });
  if (status === 0) return undefined;
  const what = error?.message ?? stderr.trim().split('\n').at(-1) ?? 'it failed';
  return `a server in another language: ${PYTHON} cannot import grpc (${what}). On Debian: apt-get install python3-grpcio`;
}

describe('a server in another language', () => {
  const missing = whyNot();

  const mayBeSkipped = process.env['CI'] === undefined;
  const itWithPython = missing !== undefined && mayBeSkipped ? it.skip : it;
  if (missing !== undefined && mayBeSkipped) process.stderr.write(`\n*** NOT TESTED: ${missing}\n\n`);

  let consul: ConsulProcess;
  let registry: Registry;
  let understudy: Understudy;
  let client: CalculatorClient;
  const agents: AgentProcess[] = [];

  beforeAll(async () => {
    if (missing !== undefined) throw new Error(`cannot test ${missing}`);
    consul = await startConsul();
    registry = openRegistry({ address: consul.address }, {});
    understudy = registerUnderstudy({ services: [calculatorService], failbackHoldMs: 200 });
    const target = `consul://${consul.address}/calculator`;
    client = new CalculatorClient(target, credentials.createInsecure(), understudy.channelOptions);
  });

  afterAll(async () => {
    if (missing !== undefined) return;
    client.close();
    await understudy.close();
    await Promise.all(agents.map((agent) => agent.stop()));
    await registry.close();
    await consul.stop();
  });

  const supervise = (id: string, tier: number, port: number, command: readonly string[]): AgentProcess => {
    const services = [{ name: 'calculator', id, address: '127.0.0.1', port, tier, probe: PATIENT_PROBE }];
    const agent = startAgent({ config: { registry: { address: consul.address }, services }, command });
    agents.push(agent);
    return agent;
  };

  const passing = (id: string, laterThan = 0): Promise<CatalogEntry> => {
    const look = async (): Promise<CatalogEntry | undefined> => {
      const { instances } = await registry.snapshot({ service: 'calculator' });
      return instances.find((one) => one.id === id && one.health === 'passing' && one.epoch > laterThan);
    };
    return until(look, { what: `${id} to be passing`, timeoutMs: PATIENCE_MS });
  };

  itWithPython('loses no call when it is killed, and gets its calls back', async () => {
    const [pythonPort = 0, nodePort = 0] = await freePorts(2);
    const agent = supervise('python-1', 0, pythonPort, [PYTHON, SERVER, String(pythonPort), 'python-1']);
    const command = calculatorCommand('--port', String(nodePort), '--instance', 'node-1');
    supervise('node-1', 1, nodePort, command);
    const [first] = await Promise.all([passing('python-1'), passing('node-1')]);
    expect(first.reason).toContain('it answers gRPC but has no health service');

    const answers: string[] = [];
    const failures: unknown[] = [];
    const over = new AbortController();
    const trickle = (async (): Promise<void> => {
      while (!over.signal.aborted) {
        try {
          const { value, instance } = await add(client);
          answers.push(`${instance}: ${value}`);
        } catch (error) {
          failures.push(error);
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    const answersBy = (instance: string): Promise<unknown> => {
      const from = answers.length;
      const look = (): boolean => answers.slice(from).filter((one) => one === `${instance}: 5`).length >= 20;
      return until(look, { what: `20 answers by ${instance} (failures: ${String(failures)})`, timeoutMs: PATIENCE_MS });
    };

    await answersBy('python-1');
    process.kill(await agent.serverPid(), 'SIGKILL');
    await answersBy('node-1');
    const second = await passing('python-1', first.epoch);
    await answersBy('python-1');
    over.abort();
    await trickle;

    expect(failures).toEqual([]);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(new Set(answers)).toEqual(new Set(['python-1: 5', 'node-1: 5']));
  });
});
