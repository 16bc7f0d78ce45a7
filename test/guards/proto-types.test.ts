/** The committed types are those of the committed proto. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { scripts } from '../../package.json';

const ROOT = resolve(__dirname, '../..');
const COMMITTED = join(ROOT, 'proto/generated');

function filesIn(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(paths.map((path) => [path.slice(folder.length), readFileSync(path, 'utf8')]));
}

it('are what the generator makes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-proto-'));
  try {
    const command = scripts['proto:types'].replace('--outDir=proto/generated', `--outDir=${folder}`);
    execFileSync('npx', ['--no-install', ...command.split(' ')], { cwd: ROOT, stdio: 'pipe' });
    expect(filesIn(COMMITTED)).toEqual(filesIn(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
