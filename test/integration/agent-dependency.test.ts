/** What all servers share, a port that closes, beside a real agent with a real Calculator and a real Consul. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { credentials } from '@grpc/grpc-js';
import { FaultsClient, faultsService } from '../../proto/calculator';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { freePorts } from '../../scripts/consul/free-ports';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { unary } from '../../scripts/chaos/unary';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(90_000);

let consul: ConsulProcess;
let registry: Registry;
let database: Server;
let server: string;
let agent: AgentProcess;
let admin: string;

beforeAll(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
  await listen(0);
  const [port, adminPort] = await freePorts(2);
  const address = '127.0.0.1';
  admin = `${address}:${adminPort}`;
  const times = { interval: '200ms', timeout: '200ms' };
  const service = {
    ...{ name: 'calculator', id: 'calculator-1', address, port, drain: { grace: 0 }, probe: times },
    dependency: { ...times, address, port: (database.address() as AddressInfo).port, rise: 5 },
  };
  agent = startAgent({
    config: {
      agent: { id: 'agent' },
      registry: { address: consul.address },
      admin: { listen: admin },
      services: [service],
    },
    command: calculatorCommand('--port', String(port), '--instance', 'calculator-1', '--allow-faults'),
  });
  server = `${address}:${port}`;
});

afterAll(async () => {
  await agent.stop();
  database.close();
  await registry.close();
  await consul.stop();
});

async function listen(port: number): Promise<void> {
  database = createServer((socket) => socket.on('error', () => undefined).destroy()).listen(port, '127.0.0.1');
  await once(database, 'listening');
}

async function figures(): Promise<{ readonly failures: number; readonly restarts: number }> {
  const { services } = (await (await fetch(`http://${admin}/v1/status`)).json()) as {
    services: readonly [{ readonly failures: number; readonly restarts: number }];
  };
  return services[0];
}

const says = (text: string): Promise<unknown> => agent.said(text);

it('keeps a server from being restarted while it is down, and no longer', async () => {
  await says('calculator-1: registered as passing');
  const { port } = database.address() as AddressInfo;
  database.close();
  await says(`calculator-1 is accused of nothing: tcp 127.0.0.1:${port}, which all servers share, is down: `);
  const faults = new FaultsClient(server, credentials.createInsecure());
  await unary(faults, faultsService.SetFault, { kind: 'NOT_SERVING' });
  faults.close();
  await says('calculator-1: passing -> warning: server says NOT_SERVING');
  const entry = await until(
    async () => {
      const { instances } = await registry.snapshot({ service: 'calculator' });
      return instances.find(({ health }) => health === 'warning');
    },
    { what: 'the catalog to know it' },
  );
  expect(entry.reason).toMatch(
    new RegExp(`NOT_SERVING .*; not held against it: tcp 127.0.0.1:${port}, .* is down: cannot connect`),
  );
  await until(async () => (await figures()).failures > 10, { what: 'more failures than it takes to be accused' });
  expect(await figures()).toMatchObject({ health: 'warning', restarts: 0 });
  expect(agent.lines.filter(({ message }) => message.includes('stopping the server'))).toEqual([]);
  await listen(port);
  await says(`recovered: tcp 127.0.0.1:${port} answers`);
  await says('calculator-1: stopping the server');
  await agent.serverPid(2);
  await agent.said('critical -> passing');
});
