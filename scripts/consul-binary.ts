/**
 * Finds a Consul to run, or fetches one, without ever installing anything on the machine. As a command
 * (`npm run consul`) it prints the path. An executable named by CONSUL_BIN is the user's word: if it does not work,
 * that is an error and nothing else is tried.
 */
import { cacheFolder, cachedPath, keepInCache } from './consul/cache';
import { DEBIAN_SUITE, unpackDebianPackage } from './consul/debian-package';
import { consulVersion, findOnPath, isExecutable } from './consul/executable';
import { OFFICIAL_RELEASES_URL, unpackRelease } from './consul/release-archive';
import { setting } from './consul/setting';

const DEFAULT_VERSION = '1.20.6';
const DEBIAN_ORIGIN = `debian-${DEBIAN_SUITE}`;

export interface ConsulBinary {
  readonly path: string;
  /** As it says itself: `1.20.6`. */
  readonly version: string;
  readonly source: ConsulSource;
}

export type ConsulSource = 'CONSUL_BIN' | 'PATH' | 'cache' | 'release archive' | 'Debian package';

export interface FindConsulOptions {
  /**
   * Read: CONSUL_BIN, PATH, UNDERSTUDY_CACHE, XDG_CACHE_HOME, HOME, CONSUL_VERSION, CONSUL_RELEASES_URL. Default: the
   * environment of this process.
   */
  readonly env?: NodeJS.ProcessEnv;
  /** Told before something is downloaded, which may take a while. */
  readonly say?: (line: string) => void;
}

/** Its message is meant for the user as it stands; a stack would not help. */
export class ConsulNotFoundError extends Error {
  override readonly name = 'ConsulNotFoundError';
}

type Attempt = () => Promise<Omit<ConsulBinary, 'source'>>;

/** Rejects with ConsulNotFoundError, which lists everything that was tried and why it failed. */
export async function findConsul(options: FindConsulOptions = {}): Promise<ConsulBinary> {
  const { env = process.env, say = () => undefined } = options;
  const named = setting(env, 'CONSUL_BIN');
  if (named !== undefined) return { ...(await userChoice(named)), source: 'CONSUL_BIN' };
  const version = wantedVersion(env);

  const attempts: readonly (readonly [ConsulSource, Attempt])[] = [
    ['PATH', () => fromPath(env)],
    ['cache', () => fromCache(env, version)],
    ['release archive', () => fromRelease(env, version, say)],
    ['Debian package', () => fromDebian(env, say)],
  ];
  const failures = ['CONSUL_BIN: not set'];
  for (const [source, attempt] of attempts) {
    try {
      return { ...(await attempt()), source };
    } catch (error) {
      failures.push(`${source}: ${(error as Error).message}`);
    }
  }
  throw new ConsulNotFoundError(
    `No Consul found. Tried, in this order:\n${failures.map((line) => `  - ${line}\n`).join('')}` +
      'Install Consul, or set CONSUL_BIN to the path of its executable.',
  );
}

async function userChoice(path: string): Promise<Omit<ConsulBinary, 'source'>> {
  if (!(await isExecutable(path))) throw new ConsulNotFoundError(`CONSUL_BIN=${path} is not an executable file.`);
  try {
    return { path, version: await consulVersion(path) };
  } catch (error) {
    throw new ConsulNotFoundError(`CONSUL_BIN: ${(error as Error).message}`);
  }
}

/** The version becomes part of a path and of an address. */
function wantedVersion(env: NodeJS.ProcessEnv): string {
  const version = setting(env, 'CONSUL_VERSION') ?? DEFAULT_VERSION;
  if (/^\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(version)) return version;
  throw new ConsulNotFoundError(`CONSUL_VERSION=${version} is not a version such as ${DEFAULT_VERSION}.`);
}

async function fromPath(env: NodeJS.ProcessEnv): Promise<Omit<ConsulBinary, 'source'>> {
  const path = await findOnPath('consul', env['PATH']);
  if (path === undefined) throw new Error('no executable named consul');
  return { path, version: await consulVersion(path) };
}

async function fromCache(env: NodeJS.ProcessEnv, version: string): Promise<Omit<ConsulBinary, 'source'>> {
  const cache = cacheFolder(env);
  // Who asks for a version by name gets Debian's other one only when that version cannot be had.
  const origins = setting(env, 'CONSUL_VERSION') === undefined ? [version, DEBIAN_ORIGIN] : [version];
  let failure = `${cache} holds no ${origins.join(' and no ')}`;
  for (const origin of origins) {
    const path = cachedPath(cache, origin);
    if (!(await isExecutable(path))) continue;
    try {
      return { path, version: await consulVersion(path) };
    } catch (error) {
      failure = (error as Error).message;
    }
  }
  throw new Error(failure);
}

async function fromRelease(
  env: NodeJS.ProcessEnv,
  version: string,
  say: (line: string) => void,
): Promise<Omit<ConsulBinary, 'source'>> {
  const baseUrl = setting(env, 'CONSUL_RELEASES_URL') ?? OFFICIAL_RELEASES_URL;
  say(`fetching Consul ${version} from ${baseUrl}`);
  return keepInCache(cacheFolder(env), version, (scratch) => unpackRelease(baseUrl, version, scratch));
}

async function fromDebian(env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<Omit<ConsulBinary, 'source'>> {
  const path = cachedPath(cacheFolder(env), DEBIAN_ORIGIN);
  const cached = (await isExecutable(path)) ? await consulVersion(path).catch(() => undefined) : undefined;
  if (cached !== undefined) return { path, version: cached };
  say(`fetching Debian's own build of Consul (${DEBIAN_SUITE})`);
  return keepInCache(cacheFolder(env), DEBIAN_ORIGIN, (scratch) => unpackDebianPackage(env, scratch));
}

if (require.main === module) {
  findConsul({ say: (line) => console.error(line) }).then(
    ({ path, version, source }) => {
      console.error(`Consul ${version} (${source})`);
      console.log(path);
    },
    (error: unknown) => {
      console.error(error instanceof ConsulNotFoundError ? error.message : error);
      process.exitCode = 2;
    },
  );
}
