/** The soak of agents as a user starts it, as short as it can be; its long row waits for servers that start and hang. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/chaos/program';
import { until } from '../../scripts/chaos/until';
import { LONG_CHAOS } from '../support/chaos/long-form';
import { processesWith } from '../support/processes';

jest.setTimeout(120_000);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-test-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Soak {
  readonly flags: readonly string[];
  readonly code: number;
  readonly says: readonly string[];
}

const SOAKS: readonly Soak[] = [
  { flags: ['--load', 'all'], code: 2, says: ['It must be a number from 0 to 256.'] },
  ...(LONG_CHAOS
    ? [
        {
          flags: ['--minutes', '0.1', '--load', '2'],
          code: 0,
          says: ['nobody cried wolf', 'calculator-3 is critical: 2 of the last 3 probes failed'],
        },
      ]
    : []),
];

it.each(SOAKS)('ends with $code after $flags, says why, and leaves nothing behind', async ({ flags, code, says }) => {
  const args = ['-r', 'ts-node/register/transpile-only', 'scripts/soak-agent.ts', ...flags];
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, TMPDIR: folder }, stdio: 'pipe' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  await expect(once(child, 'close')).resolves.toEqual([code, null]);
  for (const words of says) expect(output).toContain(words);
  expect(output).not.toContain('    at ');
  expect(readdirSync(folder).filter((name) => name.startsWith('understudy'))).toEqual([]);
  await until(() => processesWith(folder).length === 0, { what: 'every process of the run to be gone' });
});
