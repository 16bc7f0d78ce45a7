import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { openRegistry } from '../../registry/factory';
import type { RegistryConfig } from '../../registry/factory';
import { startConsul, type ConsulProcess } from '../support/consul-process';
import { expectView, Followed } from '../support/followed';
import { freePorts } from '../../scripts/consul/free-ports';
import { instance, registration } from '../support/registrations';
import { until } from '../../scripts/chaos/until';

const never = new AbortController().signal;

describe('a Consul that asks for a token', () => {
  const master = '11111111-2222-3333-4444-555555555555';
  const wrong = '99999999-2222-3333-4444-555555555555';
  let consul: ConsulProcess;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'understudy-token-'));
    consul = await startConsul({
      token: master,
      extraHcl: `acl { enabled = true default_policy = "deny" tokens { master = "${master}" } }`,
    });
  });
  afterAll(async () => {
    await consul.stop();
    rmSync(folder, { recursive: true });
  });

  const open = (config: RegistryConfig): ReturnType<typeof openRegistry> =>
    openRegistry({ address: consul.address, ...config }, {});

  it('lets the right token in, given in itself or in a file', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, `${master}\n`);
    for (const config of [{ token: master }, { tokenFile }]) {
      const registry = open(config);
      await registry.register(registration(instance('calculator')));
      const followed = new Followed(registry, { service: 'calculator' });
      await expectView(followed, 'calculator-1:passing');
      await followed.end();
      const lease = await registry.acquire({ key: 'k', slots: 1, holder: 'a', ttlMs: 10_000 }, never);
      await lease.release();
      await registry.deregister('calculator-1');
      await registry.deregister('calculator-1');
      await expect(registry.beat('calculator-1', 'passing', '')).rejects.toMatchObject({ code: 'unknown-instance' });
      await registry.close();
    }
  });

  it.each([
    ['a wrong token', wrong],
    ['no token', undefined],
  ])('refuses %s for every change, and says so', async (_name, token) => {
    const registry = open({ token });
    const denied = { code: 'permission-denied', retryable: false };
    await expect(registry.register(registration(instance('calculator')))).rejects.toMatchObject(denied);
    await expect(registry.ping()).rejects.toMatchObject(denied);
    await expect(registry.acquire({ key: 'k', slots: 1, holder: 'a', ttlMs: 10_000 }, never)).rejects.toMatchObject(
      denied,
    );
    await registry.close();
  });

  it('makes trouble of a wrong token in a watch, and never shows it anywhere', async () => {
    const registry = open({ token: wrong });
    const followed = new Followed(registry, { service: 'calculator' });
    await until(() => followed.types().includes('trouble'), { what: 'trouble' });
    const failure = await registry.ping().catch((error: unknown) => error);
    const dump = inspect([registry, followed.events, failure], { depth: 20, showHidden: true });
    expect(dump).toContain('permission-denied');
    expect(dump).not.toContain(wrong);
    expect(JSON.stringify([registry, followed.events, failure])).not.toContain(wrong);
    await followed.end();
    await registry.close();
  });
});

describe('a Consul behind TLS', () => {
  let consul: ConsulProcess;
  let folder: string;
  let address: string;
  const file = (name: string): string => join(folder, name);
  const openssl = (...words: readonly string[]): void =>
    void execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'understudy-tls-'));
    openssl(...'req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca'.split(' '));
    for (const [name, names] of [
      ['server', 'DNS:server.dc1.consul'],
      ['client', 'DNS:client'],
    ] as const) {
      writeFileSync(file(`${name}.ext`), `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`);
      openssl(...`req -newkey rsa:2048 -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`.split(' '));
      openssl(
        ...`x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out ${name}.pem -extfile ${name}.ext`.split(
          ' ',
        ),
      );
    }
    const [https = 0] = await freePorts(1);
    address = `https://127.0.0.1:${https}`;
    consul = await startConsul({
      extraHcl: `ports { https = ${https} } verify_incoming_https = true
        ca_file = "${file('ca.pem')}" cert_file = "${file('server.pem')}" key_file = "${file('server.key')}"`,
    });
  }, 60_000);
  afterAll(async () => {
    await consul.stop();
    rmSync(folder, { recursive: true });
  });

  it('answers whoever shows a certificate and checks the name', async () => {
    const env = {
      CONSUL_HTTP_ADDR: address,
      CONSUL_CACERT: file('ca.pem'),
      CONSUL_CLIENT_CERT: file('client.pem'),
      CONSUL_CLIENT_KEY: file('client.key'),
      CONSUL_TLS_SERVER_NAME: 'server.dc1.consul',
    };
    const registry = openRegistry({ unrefSockets: true }, env);
    expect(await registry.ping()).toEqual({ version: consul.version, leader: true });
    const followed = new Followed(registry, { service: 'calculator' });
    await expectView(followed, '');
    await followed.end();
    await registry.close();
  });

  it.each([
    ['the certificate carries another name', { caFile: 'ca.pem', certFile: 'client.pem', keyFile: 'client.key' }],
    ['the authority is unknown', { certFile: 'client.pem', keyFile: 'client.key', tlsServerName: 'server.dc1.consul' }],
    ['it shows no certificate of its own', { caFile: 'ca.pem', tlsServerName: 'server.dc1.consul' }],
  ])('is not talked to when %s', async (_name, config) => {
    const files = Object.entries(config).map(([key, value]) => [key, key.endsWith('File') ? file(value) : value]);
    const registry = openRegistry({ address, ...(Object.fromEntries(files) as RegistryConfig) }, {});
    await expect(registry.ping()).rejects.toMatchObject({ code: 'unavailable' });
    await registry.close();
  });

  it('is no place to look for files that are not there', () => {
    expect(() => openRegistry({ address, caFile: file('none.pem'), tokenFile: file('none') }, {})).toThrow(
      `  tokenFile: cannot read ${file('none')} (ENOENT)\n  caFile: cannot read ${file('none.pem')} (ENOENT)`,
    );
  });
});
