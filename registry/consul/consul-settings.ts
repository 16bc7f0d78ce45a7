/**
 * Decides how to reach Consul, from the configuration and the environment variables that every Consul tool knows.
 * Configuration beats environment. All faults are told at once; no value of a secret is ever told.
 */

/** How to reach the registry. Everything has a default or an environment variable. */
export interface RegistryConfig {
  /** `host:port`, `http://host:port` or `https://host:port`. CONSUL_HTTP_ADDR, default 127.0.0.1:8500. */
  readonly address?: string | undefined;
  /** CONSUL_HTTP_TOKEN */
  readonly token?: string | undefined;
  /** File that holds the token. CONSUL_HTTP_TOKEN_FILE */
  readonly tokenFile?: string | undefined;
  /** Datacenter of catalog reads; default the Consul agent's own. */
  readonly datacenter?: string | undefined;
  /** PEM. CONSUL_CACERT */
  readonly caFile?: string | undefined;
  /** PEM. CONSUL_CLIENT_CERT */
  readonly certFile?: string | undefined;
  /** PEM. CONSUL_CLIENT_KEY */
  readonly keyFile?: string | undefined;
  /** CONSUL_TLS_SERVER_NAME */
  readonly tlsServerName?: string | undefined;
  /** Believe any certificate. CONSUL_HTTP_SSL_VERIFY=false */
  readonly tlsSkipVerify?: boolean | undefined;
  /** Open connections and timers do not keep the process alive. Default false. */
  readonly unrefSockets?: boolean | undefined;
  /** How long a watch waits for news in one request. Default 60 000, 1000 to 600 000. */
  readonly waitMs?: number | undefined;
  /** Limit of every other request. Default 2000, 100 to 60 000. */
  readonly timeoutMs?: number | undefined;
}

/** RegistryConfig with the environment taken in; files are named, not read. */
export interface RegistrySettings {
  readonly url: URL;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly datacenter: string | undefined;
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly tlsServerName: string | undefined;
  readonly tlsSkipVerify: boolean;
  readonly unrefSockets: boolean;
  readonly waitMs: number;
  readonly timeoutMs: number;
}

/** What is wrong with the way to the registry, all of it; one fault a line, each with its key or variable. */
export class RegistryConfigError extends Error {
  override readonly name = 'RegistryConfigError';
  constructor(readonly faults: readonly string[]) {
    super(`cannot tell how to reach the registry:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

/** Throws RegistryConfigError. */
export function registrySettings(config: RegistryConfig, env: NodeJS.ProcessEnv): RegistrySettings {
  const faults: string[] = [];
  const settings: RegistrySettings = {
    url: urlOf(config, env, faults),
    ...tokenOf(config, env),
    datacenter: config.datacenter,
    ...tlsOf(config, env, faults),
    unrefSockets: config.unrefSockets ?? false,
    waitMs: within(config.waitMs ?? 60_000, 'waitMs', 1000, 600_000, faults),
    timeoutMs: within(config.timeoutMs ?? 2000, 'timeoutMs', 100, 60_000, faults),
  };
  faults.push(...contradictions(config, settings));
  if (faults.length > 0) throw new RegistryConfigError(faults);
  return settings;
}

/** A token that the configuration gives, in whatever form, keeps the environment's out. */
function tokenOf(
  { token, tokenFile }: RegistryConfig,
  env: NodeJS.ProcessEnv,
): Pick<RegistrySettings, 'token' | 'tokenFile'> {
  if (token !== undefined || tokenFile !== undefined) return { token, tokenFile };
  return { token: said(env, 'CONSUL_HTTP_TOKEN'), tokenFile: said(env, 'CONSUL_HTTP_TOKEN_FILE') };
}

type TlsSettings = Pick<RegistrySettings, 'caFile' | 'certFile' | 'keyFile' | 'tlsServerName' | 'tlsSkipVerify'>;

function tlsOf(config: RegistryConfig, env: NodeJS.ProcessEnv, faults: string[]): TlsSettings {
  return {
    caFile: config.caFile ?? said(env, 'CONSUL_CACERT'),
    certFile: config.certFile ?? said(env, 'CONSUL_CLIENT_CERT'),
    keyFile: config.keyFile ?? said(env, 'CONSUL_CLIENT_KEY'),
    tlsServerName: config.tlsServerName ?? said(env, 'CONSUL_TLS_SERVER_NAME'),
    tlsSkipVerify: config.tlsSkipVerify ?? !flag(env, 'CONSUL_HTTP_SSL_VERIFY', true, faults),
  };
}

function contradictions(config: RegistryConfig, settings: RegistrySettings): readonly string[] {
  const faults: string[] = [];
  if (config.token !== undefined && config.tokenFile !== undefined) {
    faults.push('token and tokenFile: only one of them');
  }
  if (settings.token !== undefined && !/^[\x21-\x7e]+$/.test(settings.token)) {
    faults.push('token: is empty, or holds a character that no token has');
  }
  if ((settings.certFile === undefined) !== (settings.keyFile === undefined)) {
    faults.push('certFile and keyFile (CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY): both or neither');
  }
  return faults;
}

function urlOf(config: RegistryConfig, env: NodeJS.ProcessEnv, faults: string[]): URL {
  const secure = flag(env, 'CONSUL_HTTP_SSL', false, faults);
  const key = config.address === undefined ? 'CONSUL_HTTP_ADDR' : 'address';
  const address = config.address ?? said(env, 'CONSUL_HTTP_ADDR') ?? '127.0.0.1:8500';
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `${secure ? 'https' : 'http'}://${address}`;
  const fault = addressFault(full);
  if (fault !== undefined) {
    faults.push(`${key}: ${fault}`);
    return new URL('http://127.0.0.1:8500');
  }
  const url = new URL(full);
  // CONSUL_HTTP_SSL turns TLS on for an http:// of the environment as well, as in Consul's own tools.
  if (secure && config.address === undefined) url.protocol = 'https:';
  return url;
}

/** Never repeats the address: it may hold a secret. */
function addressFault(address: string): string | undefined {
  if (/^unix:/i.test(address)) return 'Unix sockets are not supported, give host:port';
  if (!URL.canParse(address)) return 'is not host:port, http://host:port or https://host:port';
  const url = new URL(address);
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password, use a token';
  return /^https?:$/.test(url.protocol) ? undefined : 'begins with neither http:// nor https://';
}

/** An empty variable is one that is not set. */
function said(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

function flag(env: NodeJS.ProcessEnv, name: string, otherwise: boolean, faults: string[]): boolean {
  const value = env[name]?.toLowerCase();
  if (value === undefined || value === '') return otherwise;
  if (['1', 't', 'true'].includes(value)) return true;
  if (['0', 'f', 'false'].includes(value)) return false;
  faults.push(`${name}: must be true or false`);
  return otherwise;
}

function within(value: number, key: string, min: number, max: number, faults: string[]): number {
  if (!(Number.isInteger(value) && value >= min && value <= max)) {
    faults.push(`${key}: must be a whole number from ${min} to ${max}`);
  }
  return value;
}
