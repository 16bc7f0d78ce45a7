import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findConsul } from '../../scripts/consul-binary';
import { freePorts } from '../../scripts/consul/free-ports';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { until } from '../../scripts/chaos/until';

/** Whether something at this address still speaks. */
const answers = (address: string): Promise<boolean> =>
  fetch(`http://${address}/v1/status/leader`, { signal: AbortSignal.timeout(5_000) }).then(
    () => true,
    () => false,
  );

describe('a Consul for development', () => {
  let consul: ConsulProcess | undefined;

  afterEach(async () => {
    await consul?.stop();
    consul = undefined;
  });

  const kv = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://${consul?.address ?? ''}/v1/kv/${path}`, { signal: AbortSignal.timeout(5_000), ...init });

  it('accepts writes when it is ready, tells its version, and is gone after stop, however often', async () => {
    consul = await startConsul();
    expect(await (await kv('a', { method: 'PUT', body: 'b' })).text()).toBe('true\n');
    expect(consul.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(consul.address).toBe(`127.0.0.1:${String(consul.httpPort)}`);
    await Promise.all([consul.stop(), consul.stop()]);
    await consul.stop();
    await expect(answers(consul.address)).resolves.toBe(false);
    await expect(consul.restart()).rejects.toThrow('was stopped for good');
  });

  it('comes back after a restart at the same address with nothing in it', async () => {
    consul = await startConsul();
    const before = { address: consul.address, pid: consul.pid };
    await kv('a', { method: 'PUT', body: 'b' });
    await consul.kill();
    await expect(kv('a')).rejects.toThrow('fetch failed');
    await consul.restart();
    expect(consul.address).toBe(before.address);
    expect(consul.pid).not.toBe(before.pid);
    expect((await kv('a')).status).toBe(404);
  });

  it('does not answer while it is paused, and answers again afterwards', async () => {
    consul = await startConsul();
    consul.pause();
    await expect(kv('a', { signal: AbortSignal.timeout(200) })).rejects.toThrow('timeout');
    consul.resume();
    expect((await kv('a')).status).toBe(404);
    consul.pause();
    await consul.kill('SIGTERM');
  });

  it('takes the ports and the configuration that it is given', async () => {
    const [http = 0] = await freePorts(1);
    const [major = 0, minor = 0] = (await findConsul()).version.split('.').map(Number);
    const masterToken = major === 1 && minor < 11 ? 'master' : 'initial_management';
    const extraHcl = `acl {
      enabled = true
      default_policy = "deny"
      tokens { ${masterToken} = "t0p" }
    }`;
    consul = await startConsul({ ports: { http }, extraHcl, token: 't0p' });
    expect(consul.httpPort).toBe(http);
    expect((await kv('a', { method: 'PUT' })).status).toBe(403);
    expect((await kv('a', { method: 'PUT', headers: { 'X-Consul-Token': 't0p' } })).status).toBe(200);
  });

  it('shows the end of its own log when it cannot start', async () => {
    await expect(startConsul({ extraHcl: 'no_such_setting = 1' })).rejects.toThrow(
      /ended before it was ready[^]*no_such_setting/,
    );
  });

  it('dies with a parent that is killed, and leaves no file', async () => {
    const code = `
      const { startConsul } = require('./test/support/consul-process');
      startConsul().then(({ address }) => console.log(address));
    `;
    const temporary = await mkdtemp(join(tmpdir(), 'understudy-test-'));
    const tsNode = require.resolve('ts-node/dist/bin');
    const parent = spawn(process.execPath, [tsNode, '-T', '-e', code], {
      cwd: resolve(__dirname, '../..'),
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const address = await new Promise<string>((resolve, reject) => {
      parent.stdout.once('data', (part) => resolve(String(part).trim()));
      parent.once('exit', () => reject(new Error('the parent ended too early')));
    });
    const folders = async (): Promise<readonly string[]> =>
      (await readdir(temporary)).filter((name) => name.startsWith('understudy-consul-'));
    await expect(answers(address)).resolves.toBe(true);
    await expect(folders()).resolves.toHaveLength(1);
    parent.kill('SIGKILL');
    await until(async () => !(await answers(address)), { what: 'the end of Consul' });
    await until(async () => (await folders()).length === 0, { what: 'the end of its folder' });
    await rm(temporary, { recursive: true });
  });
});
