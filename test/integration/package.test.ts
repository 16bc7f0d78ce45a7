/**
 * The package as its users get it: packed from the build, installed into a project that knows nothing of this one.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../package.json';
import { freePorts } from '../../scripts/consul/free-ports';
import { ROOT } from '../../scripts/chaos/program';

jest.setTimeout(180_000);

interface Packed {
  readonly filename: string;
  /** Of the archive, bytes. */
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

interface End {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A few hundred KB: it is installed beside every server. */
const MOST_BYTES = 500_000;
const PERMITTED = /^(package\.json|README\.md|LICENSE|dist\/[\w./-]+\.(js|d\.ts|js\.map|proto)|dist\/package\.json)$/;

let project: string;
let packed: Packed;

function run(command: string, args: readonly string[]): Promise<End> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(CONSUL|UNDERSTUDY|NODE_OPTIONS)/.test(name));
  // npm started the tests: what it says of that run is not for this one.
  const env = Object.fromEntries(kept.filter(([name]) => !/^npm_(package|lifecycle|command)/.test(name)));
  return new Promise((resolve) => {
    execFile(command, args, { cwd: project, env: { ...env, NO_COLOR: '1' } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Resolves with what it printed; rejects with all of it when it failed. */
async function succeed(command: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}

const understudy = (...args: readonly string[]): Promise<End> =>
  run('npx', ['--no-install', '--loglevel=error', 'understudy', ...args]);

const write = (name: string, ...lines: readonly string[]): void => {
  writeFileSync(join(project, name), `${lines.join('\n')}\n`);
};

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'understudy-package-'));
  write('package.json', '{ "name": "a-user", "version": "1.0.0", "private": true }');
  // What --json prints is all that may stand on stdout; no script of the project has a say in it.
  const json = await succeed('npm', 'pack', ROOT, '--json', '--ignore-scripts', '--loglevel=error');
  [packed] = JSON.parse(json) as [Packed];
  const tarball = join(project, packed.filename);
  await succeed('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', tarball);
});

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

describe('the packed package', () => {
  it('holds the build, the protos, the licence and the readme, and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !PERMITTED.test(path))).toEqual([]);
    expect(paths.filter((path) => /(^|\/)(test|scripts|node_modules)\//.test(path))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining([
        ...['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts'],
        ...['dist/server/index.js', 'dist/server/index.d.ts', 'dist/cli/main.js', 'dist/proto/calculator.proto'],
      ]),
    );
    expect(packed.size).toBeLessThan(MOST_BYTES);
  });

  it('names no path of the machine that it was built on', () => {
    const installed = join(project, 'node_modules', 'understudy-rpc');
    const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const telling = files
      .map((file) => join(file.parentPath, file.name))
      .filter((file) => {
        const text = readFileSync(file, 'utf8');
        return text.includes(`${ROOT}/`) || text.includes(`${homedir()}/`);
      });
    expect(telling).toEqual([]);
  });
});

describe('a project that installed the package', () => {
  it('can require both entries', async () => {
    write(
      'use.js',
      "const { registerUnderstudy } = require('understudy-rpc');",
      "const { drainOnSignal, drainServer, DrainableHealth } = require('understudy-rpc/server');",
      'console.log([registerUnderstudy, drainOnSignal, drainServer, DrainableHealth].map((one) => typeof one).join());',
    );
    await expect(succeed(process.execPath, 'use.js')).resolves.toBe('function,function,function,function\n');
  });

  it('can import them as a module, and reaches nothing inside', async () => {
    write(
      'use.mjs',
      "import { registerUnderstudy } from 'understudy-rpc';",
      "import { drainOnSignal } from 'understudy-rpc/server';",
      "const inside = await import('understudy-rpc/dist/core/time/backoff.js').catch((error) => error.code);",
      'console.log(typeof registerUnderstudy, typeof drainOnSignal, inside);',
    );
    await expect(succeed(process.execPath, 'use.mjs')).resolves.toBe(
      'function function ERR_PACKAGE_PATH_NOT_EXPORTED\n',
    );
  });

  it('gets declarations that a strict compiler accepts, and that catch mistakes', async () => {
    write(
      'use.ts',
      "import { credentials, Client, Server } from '@grpc/grpc-js';",
      "import { registerUnderstudy, type RegistryConfig, type Understudy } from 'understudy-rpc';",
      "import { DrainableHealth, drainOnSignal, type DrainReport } from 'understudy-rpc/server';",
      "const registry: RegistryConfig = { address: '127.0.0.1:8500' };",
      'const understudy: Understudy = registerUnderstudy({ registry, failbackHoldMs: 5000 });',
      "export const client = new Client('consul:///calculator', credentials.createInsecure(), understudy.channelOptions);",
      "understudy.events.on('failover', ({ from, to }) => console.log(from, to));",
      'const server = new Server();',
      "const health = new DrainableHealth({ '': 'SERVING' });",
      'const onStopped = (report: DrainReport): void => console.log(report.drained);',
      'drainOnSignal({ server, health, graceMs: 300, timeoutMs: 8000, onStopped });',
      '// @ts-expect-error: there is no such option',
      'registerUnderstudy({ failbackHold: 5 });',
    );
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--noEmit'];
    const node16 = ['--module', 'node16', '--moduleResolution', 'node16', '--target', 'es2022', '--types', 'node'];
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    await expect(succeed(process.execPath, tsc, ...strict, ...node16, 'use.ts')).resolves.toBe('');
  });

  it('has the understudy command, which tells its version', async () => {
    await expect(understudy('--version')).resolves.toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('can check a configuration', async () => {
    write('agent.yaml', 'services: [{ name: calculator, address: 127.0.0.1, port: 5001 }]');
    const good = await understudy('agent', '--check-config', '--config', 'agent.yaml');
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toContain('name: calculator');
    write('bad.yaml', 'services: [{ name: calculator, address: 127.0.0.1, port: 500100 }]');
    const bad = await understudy('agent', '--check-config', '--config', 'bad.yaml');
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain('port');
  });

  it('is told by exit code 4 that there is no Consul', async () => {
    const [port = 0] = await freePorts(1);
    const { code, stderr } = await understudy('status', '--registry-address', `127.0.0.1:${port}`);
    expect(code).toBe(4);
    expect(stderr).toContain('connection refused');
  });
});
