/**
 * Finds executables and asks a Consul for its version. A file counts as a Consul only after it has run and said so.
 */
import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 15_000;

/** Whether `path` is a file that this user may run. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Full path of the first executable `name` in the folders of `searchPath`, as a shell would choose it. */
export async function findOnPath(name: string, searchPath: string | undefined): Promise<string | undefined> {
  for (const folder of (searchPath ?? '').split(delimiter)) {
    if (folder !== '' && (await isExecutable(join(folder, name)))) return join(folder, name);
  }
  return undefined;
}

/** Runs `consul version` and gives `1.20.6`. Rejects with one sentence when it does not run or is no Consul. */
export async function consulVersion(path: string): Promise<string> {
  let output: string;
  try {
    output = (await run(path, ['version'], { timeout: TIMEOUT_MS })).stdout;
  } catch (error) {
    throw new Error(`${path} does not run: ${(error as Error).message.trim().split('\n').at(-1) ?? ''}`, {
      cause: error,
    });
  }
  const version = /^Consul v(\d+\.\d+\.\d+\S*)/m.exec(output)?.[1];
  if (version === undefined)
    throw new Error(`${path} is no Consul: its "version" says "${output.trim().slice(0, 80)}"`);
  return version;
}
