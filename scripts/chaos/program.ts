import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Of the project. */
export const ROOT = join(__dirname, '..', '..');

/**
 * Arguments to node that run `<room>/<main>.ts`: the build if it is not older than the sources that go into it (`npm test`
 * makes it), and the sources otherwise.
 */
export function program(room: string, main: string, sources: readonly string[]): readonly string[] {
  const built = join(ROOT, 'dist', room, `${main}.js`);
  const builtMs = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const changedMs = sources.map((source) => newestMs(join(ROOT, source)));
  if (builtMs >= Math.max(...changedMs)) return [built];
  return ['-r', 'ts-node/register/transpile-only', join(ROOT, room, `${main}.ts`)];
}

function newestMs(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(0, ...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}
