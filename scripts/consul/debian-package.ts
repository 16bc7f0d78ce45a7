/**
 * Gets Consul from Debian's package of it, out of the last Debian release that had one, through the mirror that this
 * machine's apt already uses. Nothing is installed, no root is needed, and apt's own lists, cache and sources stay as
 * they are. apt itself checks Debian's signature and the package's hash.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from './executable';

export const DEBIAN_SUITE = 'bullseye';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const TIMEOUT_MS = 120_000;
const run = promisify(execFile);

/** Downloads and unpacks into `scratch`; gives the path of the executable. Rejects with one sentence. */
export async function unpackDebianPackage(env: NodeJS.ProcessEnv, scratch: string): Promise<string> {
  const aptGet = await tool('apt-get', env);
  const dpkgDeb = await tool('dpkg-deb', env);
  await access(KEYRING).catch(() => {
    throw new Error(`${KEYRING} is missing, so nothing from Debian could be trusted`);
  });
  const mirrors = await debianMirrors(aptGet, env);
  if (mirrors.length === 0) throw new Error("this machine's apt has no Debian mirror among its sources");
  const failures: string[] = [];
  for (const [index, mirror] of mirrors.entries()) {
    try {
      const package_ = await downloadPackage(aptGet, env, mirror, join(scratch, `apt-${String(index)}`));
      const root = join(scratch, 'package');
      await run(dpkgDeb, ['-x', package_, root], { env, timeout: TIMEOUT_MS });
      return join(root, 'usr', 'bin', 'consul');
    } catch (error) {
      failures.push(lastLine(error));
    }
  }
  throw new Error(failures.join('; '));
}

async function tool(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const path = await findOnPath(name, env['PATH']);
  if (path === undefined) throw new Error(`${name} is not on PATH`);
  return path;
}

/**
 * Base addresses of the archives that serve this machine's own Debian release, as apt names them. Asking apt which
 * files an update would fetch reads every format of sources and needs no network.
 */
async function debianMirrors(aptGet: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const codename = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(release)?.[1] ?? '';
  const plan = await run(aptGet, ['update', '--print-uris'], { env, timeout: TIMEOUT_MS });
  const bases = [...plan.stdout.matchAll(/^'(\S+)\/dists\/([^/']+)\/InRelease'/gm)]
    .filter((match) => match[2] === codename)
    .map((match) => match[1] ?? '');
  return [...new Set(bases)];
}

async function downloadPackage(aptGet: string, env: NodeJS.ProcessEnv, mirror: string, root: string): Promise<string> {
  const folders = ['etc/sources.d', 'etc/preferences.d', 'state/lists/partial', 'cache/archives/partial', 'packages'];
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
  const sources = join(root, 'etc', 'sources.list');
  await writeFile(sources, `deb [signed-by=${KEYRING}] ${mirror} ${DEBIAN_SUITE} main\n`);
  const config = join(root, 'apt.conf');
  await writeFile(config, aptConfig(root, sources));

  const packages = join(root, 'packages');
  // `-c` is read after the machine's configuration: proxies and certificates stay, places and hooks are ours.
  const apt = (...words: readonly string[]): Promise<unknown> =>
    run(aptGet, ['-c', config, '-qq', ...words], { cwd: packages, env, timeout: TIMEOUT_MS });
  await apt('update');
  await apt('download', 'consul');
  const file = (await readdir(packages)).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error('apt-get downloaded nothing');
  return join(packages, file);
}

function aptConfig(root: string, sources: string): string {
  return `
#clear APT::Update;
#clear DPkg;
Dir::Etc::SourceList "${sources}";
Dir::Etc::SourceParts "${root}/etc/sources.d";
Dir::Etc::Preferences "${root}/etc/preferences";
Dir::Etc::PreferencesParts "${root}/etc/preferences.d";
Dir::State::Lists "${root}/state/lists";
Dir::Cache "${root}/cache";
Dir::Cache::Archives "archives";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "10";
Acquire::https::Timeout "10";
// Our folder is closed to the user that apt would change to.
APT::Sandbox::User "root";
`;
}

/** What a failed command said last; its whole output would drown the reason. */
function lastLine(error: unknown): string {
  const { stderr, message } = error as Error & { readonly stderr?: string };
  const said = (stderr ?? '').split('\n').filter((line) => line.startsWith('E:'));
  return said[0]?.replace(/^E:\s*/, 'apt-get: ') ?? message.split('\n')[0] ?? message;
}
