/** `understudy status` as an operator or a script runs it, on a real Consul. */
import type { StatusReport } from '../../cli/status-report';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { freePorts } from '../../scripts/consul/free-ports';
import { startCli, type CliEnd, type CliProcess } from '../support/cli-process';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { instance, registration } from '../support/registrations';
import { until } from '../../scripts/chaos/until';

jest.setTimeout(60_000);

let consul: ConsulProcess;
let registry: Registry;

const status = (...args: readonly string[]): Promise<CliEnd> =>
  startCli(['status', ...args], { CONSUL_HTTP_ADDR: consul.address }).exited;

const report = ({ stdout }: CliEnd): StatusReport => JSON.parse(stdout) as StatusReport;

async function registerBoth(): Promise<void> {
  const ttlMs = 600_000;
  const epoch = Date.now() - 10_830_000;
  await registry.register(registration(instance('calculator', { epoch }), { ttlMs }));
  const backup = instance('calculator', { id: 'calculator-2', port: 5002, tier: 1, epoch });
  await registry.register(registration(backup, { ttlMs, reason: 'SERVING in 2 ms' }));
}

describe('understudy status', () => {
  beforeAll(async () => {
    consul = await startConsul();
    registry = openRegistry({ address: consul.address }, {});
  });

  afterEach(async () => {
    for (const { id } of await registry.registered()) await registry.deregister(id);
  });

  afterAll(async () => {
    await registry.close();
    await consul.stop();
  });

  it('shows the servers of every service, and that all is well', async () => {
    await registerBoth();
    const { code, stdout, stderr } = await status();
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      `Consul at ${consul.address}, version ${consul.version}, has a leader`,
      '',
      'calculator  well: all 2 instances serve',
      'INSTANCE      ROLE     TIER  HEALTH   ADDRESS         AGE    REASON',
    ]);
    expect(stdout).toMatch(
      /^calculator-1 {2}primary {2}0 {5}passing {2}127\.0\.0\.1:5001 {2}3h 0m {2}the first probe was good\n/m,
    );
    expect(stdout).toMatch(/^calculator-2 {2}backup {3}1 .* SERVING in 2 ms\n$/m);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('ends with 1 while a backup serves in place of the primary, and tells scripts the same', async () => {
    await registerBoth();
    await registry.beat('calculator-1', 'critical', 'its disk is full');
    const [text, json] = await Promise.all([status('calculator'), status('calculator', '--json')]);
    expect(text.code).toBe(1);
    expect(text.stdout).toContain('calculator  degraded: calculator-1 is critical; tier 1 serves in place');
    expect(text.stdout).toContain('its disk is full');
    expect(json.code).toBe(1);
    expect(report(json)).toMatchObject({
      schema: 1,
      exitCode: 1,
      registry: { description: `Consul at ${consul.address}`, version: consul.version, leader: true },
      services: [{ service: 'calculator', instances: [{ id: 'calculator-1', health: 'critical' }, { tier: 1 }] }],
    });
  });

  it('ends with 3 when nobody serves', async () => {
    await registerBoth();
    await registry.beat('calculator-1', 'critical', 'its disk is full');
    await registry.setMaintenance('calculator-2', true, 'draining: SIGTERM');
    const { code, stdout } = await status('calculator');
    expect(code).toBe(3);
    expect(stdout).toContain('nobody serves: calculator-1 is critical, calculator-2 is in maintenance');
  });

  it('ends with 3 when nothing is registered, or not under that name', async () => {
    const nothing = await status();
    expect(nothing.code).toBe(3);
    expect(nothing.stdout).toContain('no service is registered by an Understudy agent');
    await registerBoth();
    const misspelt = await status('calculatr');
    expect(misspelt.code).toBe(3);
    expect(misspelt.stdout).toContain('calculatr  down: no instance is registered; registered services: calculator\n');
  });

  it('ends with 4 when no Consul is there, and says how to tell where it is', async () => {
    const [port = 0] = await freePorts(1);
    const [text, json] = await Promise.all(
      [[], ['--json']].map((more) => status('--registry-address', `127.0.0.1:${port}`, ...more)),
    );
    expect(text).toEqual({
      code: 4,
      stdout: '',
      stderr:
        `understudy status: Consul at 127.0.0.1:${port}: ping: connection refused\n` +
        '--registry-address or CONSUL_HTTP_ADDR say where Consul is.\n',
    });
    expect(json?.code).toBe(4);
    expect(json && report(json)).toMatchObject({ state: 'unreachable', exitCode: 4, services: [] });
  });

  it.each([
    [['--no-such-flag'], "unknown option '--no-such-flag'"],
    [['--registry-address', 'ftp://x'], 'address: begins with neither http:// nor https://'],
    [['calculator', 'billing'], 'too many arguments'],
    [[''], 'must be the name of a service'],
  ])('ends with 2 for %j', async (args, words) => {
    const { code, stderr } = await status(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('    at ');
  });
});

describe('understudy status on a Consul that asks for a token', () => {
  it('ends with 4 without it, works with it, and never shows it', async () => {
    const token = '11111111-2222-3333-4444-555555555555';
    consul = await startConsul({
      token,
      extraHcl: `acl { enabled = true default_policy = "deny" tokens { master = "${token}" } }`,
    });
    registry = openRegistry({ address: consul.address, token }, {});
    try {
      await registerBoth();
      const env = { CONSUL_HTTP_ADDR: consul.address };
      const [none, wrong, right] = await Promise.all([
        startCli(['status'], env).exited,
        startCli(['status', 'calculator'], { ...env, CONSUL_HTTP_TOKEN: `9${token.slice(1)}` }).exited,
        startCli(['status'], { ...env, CONSUL_HTTP_TOKEN: token }).exited,
      ]);
      for (const { code, stderr } of [none, wrong]) {
        expect(code).toBe(4);
        expect(stderr).toMatch(/HTTP 403, .*\nCONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE give the token/);
        expect(stderr).not.toContain(token.slice(1));
      }
      expect(right.code).toBe(0);
    } finally {
      await registry.close();
      await consul.stop();
    }
  });
});

describe('understudy status --watch', () => {
  let watching: CliProcess | undefined;

  beforeEach(async () => {
    consul = await startConsul();
    registry = openRegistry({ address: consul.address }, {});
    await registerBoth();
  });

  afterEach(async () => {
    watching?.signal('SIGKILL');
    await watching?.exited;
    await registry.close();
    await consul.stop();
  });

  const watch = (...args: readonly string[]): CliProcess => {
    watching = startCli(['status', '--watch', ...args], { CONSUL_HTTP_ADDR: consul.address });
    return watching;
  };

  const says = (words: string): Promise<unknown> =>
    until(() => watching?.stdout().includes(words), { what: `the watch to say "${words}"`, timeoutMs: 20_000 });

  it('adds a block for each change, until Ctrl-C, and ends with the code of the last', async () => {
    const { signal, exited, stdout } = watch('calculator');
    await says('well: all 2 instances serve');
    await registry.beat('calculator-1', 'critical', 'its disk is full');
    await says('degraded: calculator-1 is critical');
    signal('SIGINT');
    await expect(exited).resolves.toMatchObject({ code: 1, stderr: '' });
    expect(stdout().match(/^--- \d{4}-.*Z$/gm)).toHaveLength(2);
  });

  it('keeps the last view while Consul is away, and goes on when it is back', async () => {
    const { signal, exited } = watch('--json');
    const last = (): StatusReport => JSON.parse(watching?.stdout().trimEnd().split('\n').at(-1) ?? '') as StatusReport;
    const becomes = (state: StatusReport['state']): Promise<unknown> =>
      until(() => last().state === state, { what: `the watch to say ${state}`, timeoutMs: 20_000 });
    await becomes('well');
    await consul.kill();
    await becomes('unreachable');
    expect(last()).toMatchObject({ exitCode: 4, services: [{ state: 'well', instances: [{}, {}] }] });
    await consul.restart();
    await registerBoth();
    await becomes('well');
    await registry.beat('calculator-2', 'critical', 'its disk is full');
    await becomes('degraded');
    await consul.kill();
    await becomes('unreachable');
    signal('SIGTERM');
    await expect(exited).resolves.toMatchObject({ code: 4 });
  });
});
