/** A server that says SERVING and fails every call: only its callers can see that, and one of them has it restarted. */
import { credentials } from '@grpc/grpc-js';
import type { Incident } from '../../core/domain/incident-record';
import { registerUnderstudy, type RestartAskedEvent } from '../../index';
import { CalculatorClient, calculatorService, FaultsClient, faultsService } from '../../proto/calculator';
import { freePorts } from '../../scripts/consul/free-ports';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startCli } from '../support/cli-process';
import { add } from '../support/client-bench';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { unary } from '../../scripts/chaos/unary';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(90_000);

let consul: ConsulProcess;
let agents: readonly AgentProcess[];
let ports: readonly number[];

beforeAll(async () => {
  consul = await startConsul();
  ports = await freePorts(2);
  agents = ports.map((port, tier) => {
    const id = `calculator-${tier + 1}`;
    return startAgent({
      config: {
        ...{ agent: { id: `agent-${tier + 1}` }, registry: { address: consul.address } },
        admin: { listen: '127.0.0.1:0' },
        services: [
          {
            ...{ name: 'calculator', id, address: '127.0.0.1', port, tier, drain: { grace: 0 } },
            ...{ probe: { timeout: '1s' }, restart: { stableAfter: '500ms' } },
            recovery: { clients: { trust: 'witnesses', witnesses: 1 } },
          },
        ],
      },
      command: calculatorCommand('--port', String(port), '--instance', id, '--drain-grace-ms', '0', '--allow-faults'),
    });
  });
  await Promise.all(agents.map((agent, at) => agent.said(`calculator-${at + 1}: registered as passing`)));
});
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await consul.stop();
});

it('is restarted by its agent because a client asked, and gets its calls back', async () => {
  const understudy = registerUnderstudy({
    ...{ services: [calculatorService], askRestartAfterMs: 200, failbackHoldMs: 100, ejectionMs: 200 },
  });
  const asked: RestartAskedEvent[] = [];
  const moves: string[] = [];
  understudy.events.on('restart-asked', (event) => asked.push(event));
  for (const kind of ['failover', 'failback'] as const) understudy.events.on(kind, () => moves.push(kind));
  const target = `consul://${consul.address}/calculator`;
  const client = new CalculatorClient(target, credentials.createInsecure(), understudy.channelOptions);
  const faults = new FaultsClient(`127.0.0.1:${ports[0] ?? 0}`, credentials.createInsecure());
  const firstPid = await agents[0]!.serverPid();
  try {
    await add(client);
    await unary(faults, faultsService.SetFault, { kind: 'UNAVAILABLE' });
    await until(() => add(client).then(() => moves.includes('failback')), {
      what: 'the calls to be back on the primary',
      timeoutMs: 30_000,
    });
  } finally {
    faults.close();
    client.close();
    await understudy.close();
  }
  expect(await agents[0]!.serverPid(2)).not.toBe(firstPid);
  expect(asked).toMatchObject([{ instance: 'calculator-1', agent: 'understudy-agent-agent-1', accepted: true }]);
  const incident = await until(
    async () => {
      const { stdout } = await startCli(['faults', '--json'], { CONSUL_HTTP_ADDR: consul.address }).exited;
      const { incidents } = JSON.parse(stdout) as { readonly incidents: readonly Incident[] };
      return incidents.find(({ outcome }) => outcome === 'recovered');
    },
    { what: 'the incident to be closed', timeoutMs: 30_000 },
  );
  expect(incident).toMatchObject({ instance: 'calculator-1' });
  expect(incident.steps[0]).toMatchObject({ source: 'client', kind: 'detected' });
  expect(incident.cause).toContain('it says SERVING, but its last 3 calls failed');
  expect(incident.cause).toContain("though the agent's own probe passes");
});
