import { credentials } from '@grpc/grpc-js';
import type { CatalogEntry } from '../../core/domain/instance';
import type { Health } from '../../core/domain/health';
import { FaultsClient, faultsService } from '../../proto/calculator';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { freePorts } from '../../scripts/consul/free-ports';
import { calculatorCommand, startAgent, type AgentProcess } from '../../scripts/chaos/agent-process';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { unary } from '../../scripts/chaos/unary';
import { PATIENT_PROBE } from '../support/patient-probe';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(90_000);

let consul: ConsulProcess;
let registry: Registry;
let agent: AgentProcess | undefined;
let port: number;

beforeAll(async () => {
  consul = await startConsul();
  registry = openRegistry({ address: consul.address }, {});
});

beforeEach(async () => {
  [port = 0] = await freePorts(1);
});

afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});

afterAll(async () => {
  await registry.close();
  await consul.stop();
});

const service = (change: object = {}): object => ({
  name: 'calculator',
  id: 'calculator-1',
  address: '127.0.0.1',
  port,
  probe: PATIENT_PROBE,
  ...change,
});

function supervise(change: object = {}, command?: readonly string[]): AgentProcess {
  agent = startAgent({
    config: { registry: { address: consul.address }, services: [service(change)] },
    command: command ?? calculatorCommand('--port', String(port), '--instance', 'calculator-1', '--allow-faults'),
  });
  return agent;
}

async function entry(): Promise<CatalogEntry | undefined> {
  const { instances } = await registry.snapshot({ service: 'calculator' });
  return instances.find(({ id }) => id === 'calculator-1');
}

function becomes(health: Health): Promise<CatalogEntry> {
  const look = async (): Promise<CatalogEntry | undefined> => {
    const now = await entry();
    return now?.health === health ? now : undefined;
  };
  return until(look, { what: `calculator-1 to be ${health}`, timeoutMs: 25_000, everyMs: 5 });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('an agent with a Calculator of its own', () => {
  it('tells a killed server long before its next beat and brings it back with a higher epoch', async () => {
    const { serverPid } = supervise({ ttl: '1m', beat: '20s' });
    const first = await becomes('passing');
    const killedAt = performance.now();
    process.kill(await serverPid(), 'SIGKILL');
    const dead = await becomes('critical');
    const toCriticalMs = performance.now() - killedAt;
    const back = await becomes('passing');
    expect(dead.reason).toContain('signal SIGKILL');
    // Half a beat: with a beat it would come later.
    expect(toCriticalMs).toBeLessThan(10_000);
    expect(back.epoch).toBeGreaterThan(first.epoch);
  });

  it('ends a hung server by force and brings a new one', async () => {
    const { serverPid, said } = supervise({ restart: { killAfter: '200ms' } });
    await becomes('passing');
    const hung = await serverPid();
    process.kill(hung, 'SIGSTOP');
    expect((await becomes('critical')).reason).toMatch(/probes failed: no answer within \d+ ms|SIGKILL/);
    await becomes('passing');
    expect(isAlive(hung)).toBe(false);
    await said('did not end on SIGTERM in time; killing it');
  });

  it('tells the catalog that a server says NOT_SERVING, and takes it back when it serves again', async () => {
    supervise({ restart: { onUnhealthy: false } });
    await becomes('passing');
    const faults = new FaultsClient(`127.0.0.1:${port}`, credentials.createInsecure());
    await unary(faults, faultsService.SetFault, { kind: 'NOT_SERVING' });
    expect((await becomes('critical')).reason).toContain('server says NOT_SERVING');
    await unary(faults, faultsService.SetFault, { kind: 'NONE' });
    await becomes('passing');
    faults.close();
  });

  it('drains on SIGTERM: the server ends politely, the entry goes, no process stays', async () => {
    // Long enough to be seen in the catalog on a busy machine.
    const flags = ['--port', String(port), '--instance', 'calculator-1', '--drain-grace-ms', '2000'];
    const { serverPid, signal, exited, lines } = supervise({}, calculatorCommand(...flags));
    await becomes('passing');
    const pid = await serverPid();
    signal('SIGTERM');
    expect((await becomes('maintenance')).reason).toContain('SIGTERM');
    await expect(exited).resolves.toEqual({ code: 0, signal: null });
    expect(isAlive(pid)).toBe(false);
    expect(await entry()).toBeUndefined();
    expect(lines.some(({ message }) => message.includes('"drained":true'))).toBe(true);
  });

  it('kills the server at once on a second signal', async () => {
    const { serverPid, signal, exited, said } = supervise({ drain: { timeout: '1m' } });
    await becomes('passing');
    const pid = await serverPid();
    process.kill(pid, 'SIGSTOP');
    signal('SIGINT');
    await said('SIGTERM sent to the server');
    signal('SIGINT');
    await expect(exited).resolves.toEqual({ code: 130, signal: null });
    await until(() => !isAlive(pid), { what: 'the server to be gone' });
    expect(await entry()).toMatchObject({ health: 'maintenance' });
    await agent?.stop();
    supervise();
    await becomes('passing');
  });

  it('gives a server in a crash loop up, and says so in the catalog', async () => {
    const restart = { initialDelay: '10ms', maxDelay: '20ms', maxAttempts: 3, window: '30s' };
    const { said } = supervise({ restart }, [process.execPath, '-e', 'process.exit(3)']);
    expect((await becomes('critical')).reason).toContain(
      'given up after 3 restarts within 30 s: server ended: exit code 3',
    );
    expect((await said('calculator-1: given up')).level).toBe('error');
  });

  it('leaves nothing of the server behind, not even what it started itself', async () => {
    const script = `const c=require('child_process').spawn('sleep',['300'],{stdio:'ignore'});console.log('GRANDCHILD '+c.pid);setInterval(()=>{},1000)`;
    const { said, signal, exited } = supervise({}, [process.execPath, '-e', script]);
    const grandchild = Number((await said('GRANDCHILD')).message.split(' ')[1]);
    signal('SIGTERM');
    await exited;
    await expect(until(() => !isAlive(grandchild), { what: 'the grandchild to be gone' })).resolves.toBe(true);
  });

  it('says clearly that there is no such command, and ends', async () => {
    const { exited, stderr } = supervise({}, ['no-such-program-here']);
    await expect(exited).resolves.toEqual({ code: 127, signal: null });
    expect(stderr()).toBe('cannot start "no-such-program-here": no such command (ENOENT)\n');
  });

  it('says clearly that the port is in use, and starts nothing', async () => {
    const { said, signal } = supervise();
    await said('first probe passed');
    const second = startAgent({
      config: { registry: { address: consul.address }, services: [service({ id: 'calculator-2' })] },
      command: calculatorCommand('--port', String(port)),
    });
    await expect(second.exited).resolves.toEqual({ code: 1, signal: null });
    expect(second.stderr()).toContain(`127.0.0.1:${port} is already in use`);
    await second.stop();
    signal('SIGTERM');
  });
});
