import {
  registrySettings,
  RegistryConfigError,
  type RegistryConfig,
} from '../../../../registry/consul/consul-settings';

const urlOf = (config: RegistryConfig, env: NodeJS.ProcessEnv = {}): string => registrySettings(config, env).url.href;

function faultsOf(config: RegistryConfig, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    registrySettings(config, env);
  } catch (error) {
    if (error instanceof RegistryConfigError) return error.faults;
    throw error;
  }
  return [];
}

it.each([
  [{}, {}, 'http://127.0.0.1:8500/'],
  [{ address: 'consul:8500' }, { CONSUL_HTTP_ADDR: 'other:1' }, 'http://consul:8500/'],
  [{}, { CONSUL_HTTP_ADDR: 'consul:8500' }, 'http://consul:8500/'],
  [{}, { CONSUL_HTTP_ADDR: 'https://consul:8501' }, 'https://consul:8501/'],
  [{}, { CONSUL_HTTP_ADDR: 'consul:8501', CONSUL_HTTP_SSL: 'true' }, 'https://consul:8501/'],
  [{}, { CONSUL_HTTP_ADDR: 'http://consul:8501', CONSUL_HTTP_SSL: '1' }, 'https://consul:8501/'],
  [{ address: 'http://consul:8500' }, { CONSUL_HTTP_SSL: '1' }, 'http://consul:8500/'],
  [{ address: '[::1]:8500' }, {}, 'http://[::1]:8500/'],
  [{}, { CONSUL_HTTP_ADDR: '' }, 'http://127.0.0.1:8500/'],
] as const)('%j with %j leads to %s', (config, env, url) => {
  expect(urlOf(config, env)).toBe(url);
});

it('takes from the environment what the configuration leaves out', () => {
  const env = {
    CONSUL_HTTP_TOKEN: 'secret',
    CONSUL_CACERT: '/ca.pem',
    CONSUL_CLIENT_CERT: '/cert.pem',
    CONSUL_CLIENT_KEY: '/key.pem',
    CONSUL_TLS_SERVER_NAME: 'server.dc1.consul',
    CONSUL_HTTP_SSL_VERIFY: 'false',
  };
  expect(registrySettings({ caFile: '/mine.pem', waitMs: 5000 }, env)).toMatchObject({
    token: 'secret',
    caFile: '/mine.pem',
    certFile: '/cert.pem',
    keyFile: '/key.pem',
    tlsServerName: 'server.dc1.consul',
    tlsSkipVerify: true,
    unrefSockets: false,
    waitMs: 5000,
    timeoutMs: 2000,
  });
});

it('keeps the token of the environment out when the configuration names a file', () => {
  const settings = registrySettings({ tokenFile: '/token' }, { CONSUL_HTTP_TOKEN: 'secret' });
  expect([settings.token, settings.tokenFile]).toEqual([undefined, '/token']);
});

it('tells all faults at once, each with its name, and none of the values that may be secret', () => {
  const config = { token: 'se cret', tokenFile: '/token', waitMs: 1, timeoutMs: 0.5, certFile: '/cert.pem' };
  const env = { CONSUL_HTTP_ADDR: 'http://user:secret@consul:8500', CONSUL_HTTP_SSL_VERIFY: 'perhaps' };
  const faults = faultsOf(config, env);
  expect(faults).toEqual([
    'CONSUL_HTTP_ADDR: must not hold a user or a password, use a token',
    'CONSUL_HTTP_SSL_VERIFY: must be true or false',
    'waitMs: must be a whole number from 1000 to 600000',
    'timeoutMs: must be a whole number from 100 to 60000',
    'token and tokenFile: only one of them',
    'token: is empty, or holds a character that no token has',
    'certFile and keyFile (CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY): both or neither',
  ]);
  expect(faults.join()).not.toMatch(/se ?cret/);
});

it.each([
  ['unix:///var/run/consul.sock', 'address: Unix sockets are not supported, give host:port'],
  ['ftp://consul', 'address: begins with neither http:// nor https://'],
  ['http://', 'address: is not host:port, http://host:port or https://host:port'],
  ['', 'address: is not host:port, http://host:port or https://host:port'],
  ['consul:port', 'address: is not host:port, http://host:port or https://host:port'],
])('refuses the address "%s"', (address, fault) => {
  expect(faultsOf({ address })).toEqual([fault]);
});
