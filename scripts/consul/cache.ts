/**
 * Where downloaded Consuls are kept, one folder per origin: `<cache>/consul/1.20.6/consul`. An executable appears there
 * whole, checked and run once, or not at all; two callers at once do not disturb each other.
 */
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { consulVersion } from './executable';
import { setting } from './setting';

/** UNDERSTUDY_CACHE, else $XDG_CACHE_HOME/understudy, else ~/.cache/understudy. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const home = setting(env, 'HOME') ?? homedir();
  return setting(env, 'UNDERSTUDY_CACHE') ?? join(setting(env, 'XDG_CACHE_HOME') ?? join(home, '.cache'), 'understudy');
}

/** Path of the Consul of one origin, whether it is there or not. */
export function cachedPath(cache: string, origin: string): string {
  return join(cache, 'consul', origin, 'consul');
}

/**
 * Lets `obtain` make an executable in a scratch folder, checks that it is a Consul, and moves it to its place at once.
 * The scratch folder is always removed. Gives the final path and the version.
 */
export async function keepInCache(
  cache: string,
  origin: string,
  obtain: (scratch: string) => Promise<string>,
): Promise<{ readonly path: string; readonly version: string }> {
  const path = cachedPath(cache, origin);
  await mkdir(join(cache, 'consul'), { recursive: true });
  const scratch = await mkdtemp(join(cache, 'consul', '.new-'));
  try {
    const executable = await obtain(scratch);
    await chmod(executable, 0o755);
    const version = await consulVersion(executable);
    await mkdir(dirname(path), { recursive: true });
    await rename(executable, path);
    return { path, version };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
