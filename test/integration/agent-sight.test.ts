/** What an agent sees of its server beside the checks that fail, and what the catalog then says. */
import { credentials } from '@grpc/grpc-js';
import type { Health } from '../../core/domain/health';
import type { CatalogEntry } from '../../core/domain/instance';
import { FaultsClient, faultsService } from '../../proto/calculator';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { unary } from '../../scripts/chaos/unary';
import { until } from '../../scripts/chaos/until';
import { freePorts } from '../../scripts/consul/free-ports';
import { startConsul, type ConsulProcess } from '../support/consul-process';

jest.setTimeout(90_000);

let consul: ConsulProcess;
let registry: Registry;
let agent: AgentProcess | undefined;
let faults: FaultsClient;
let admin: string;

beforeAll(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
});

afterEach(async () => {
  faults.close();
  await agent?.stop();
  agent = undefined;
});

afterAll(async () => {
  await registry.close();
  await consul.stop();
});

async function supervise(change: object): Promise<AgentProcess> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  admin = `http://127.0.0.1:${adminPort}`;
  const service = { name: 'calculator', id: 'calculator-1', address: '127.0.0.1', port, ...change };
  agent = startAgent({
    config: { registry: { address: consul.address }, admin: { listen: `127.0.0.1:${adminPort}` }, services: [service] },
    // The server is the child of a shell: what it uses counts all the same.
    command: [
      ...['sh', '-c', '"$@"; exit', 'sh'],
      ...calculatorCommand('--port', String(port), '--instance', 'calculator-1', '--allow-faults'),
    ],
  });
  faults = new FaultsClient(`127.0.0.1:${port}`, credentials.createInsecure());
  await becomes('passing');
  return agent;
}

const setFault = (fault: Parameters<FaultsClient['SetFault']>[0]): Promise<unknown> =>
  unary(faults, faultsService.SetFault, fault);

function becomes(health: Health): Promise<CatalogEntry> {
  const look = async (): Promise<CatalogEntry | undefined> => {
    const { instances } = await registry.snapshot({ service: 'calculator' });
    return instances.find((one) => one.id === 'calculator-1' && one.health === health);
  };
  return until(look, { what: `calculator-1 to be ${health}`, timeoutMs: 25_000, everyMs: 20 });
}

it('an agent that looks every five minutes hears at once that its server is ill, and that it is well', async () => {
  await supervise({
    probe: { interval: '5m', timeout: '2s', fall: 1, of: 1, rise: 1 },
    restart: { onUnhealthy: false },
  });
  await setFault({ kind: 'NOT_SERVING' });
  expect((await becomes('critical')).reason).toContain('server says NOT_SERVING');
  await setFault({ kind: 'NONE' });
  await becomes('passing');
});

it('an agent warns of a server that uses too much memory, with what it uses, and restarts nothing', async () => {
  const { serverPid } = await supervise({ process: { interval: '200ms', for: '1s', warnMemory: '20MiB' } });
  const pid = await serverPid();
  const { reason } = await becomes('warning');
  expect(reason).toMatch(/its process uses \d+ MiB of memory, the limit is 20 MiB; .*SERVING/);
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  const figure = (name: string): number => Number(new RegExp(`^${name}\\{.*\\} (.*)$`, 'm').exec(metrics)?.[1]);
  expect(figure('understudy_server_memory_bytes')).toBeGreaterThan(20 * 1024 ** 2);
  expect(figure('understudy_server_cpu_seconds_total')).toBeGreaterThan(0);
  expect(figure('understudy_server_open_files')).toBeGreaterThan(3);
  expect(figure('understudy_restarts')).toBe(0);
  expect(process.kill(pid, 0)).toBe(true);
});

it('an agent warns of a server that has become slow, says how slow, and takes it back', async () => {
  // Looked at often, so that it soon has a past; a check that fails on a busy machine is not what is tested.
  await supervise({ probe: { interval: '250ms', timeout: '250ms', fall: 100, of: 100, slowFactor: 2 } });
  const probes = async (): Promise<number> =>
    Number(/^understudy_probes\{.*\} (.*)$/m.exec(await (await fetch(`${admin}/metrics`)).text())?.[1]);
  await until(async () => (await probes()) > 24, { what: 'a past to be measured by', timeoutMs: 25_000 });
  // Far from the usual of a busy machine, and from the timeout: what fails is not measured.
  await setFault({ kind: 'SLOW', delayMs: 130 });
  const said = /^answers take \d+ ms, usually \d+(\.\d)? ms; .*SERVING in/;
  await until(async () => said.test((await becomes('warning')).reason), { what: 'the sentence', timeoutMs: 25_000 });
  await setFault({ kind: 'NONE' });
  expect((await becomes('passing')).reason).toMatch(/^SERVING in/);
}, 60_000);
