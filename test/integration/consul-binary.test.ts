import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findConsul } from '../../scripts/consul-binary';
import { storedZip } from '../support/stored-zip';

const fakeConsul = (version: string): string => `#!/bin/sh\n[ "$1" = version ] && echo "Consul v${version}"\n`;

describe('finding a Consul', () => {
  let folder: string;
  /** Nothing but this: no PATH to find apt or a real Consul on, no network beyond loopback, a cache of its own. */
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'understudy-test-'));
    env = {
      PATH: join(folder, 'bin'),
      UNDERSTUDY_CACHE: join(folder, 'cache'),
      CONSUL_RELEASES_URL: 'http://127.0.0.1:1',
    };
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const place = async (path: string, content: string): Promise<string> => {
    const file = join(folder, path);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, content);
    await chmod(file, 0o755);
    return file;
  };

  it('takes the executable that CONSUL_BIN names before anything else', async () => {
    await place('bin/consul', fakeConsul('1.1.1'));
    const named = await place('elsewhere/my-consul', fakeConsul('1.19.2'));
    await expect(findConsul({ env: { ...env, CONSUL_BIN: named } })).resolves.toEqual({
      path: named,
      version: '1.19.2',
      source: 'CONSUL_BIN',
    });
  });

  it('refuses a CONSUL_BIN that is not executable and tries nothing else', async () => {
    await place('bin/consul', fakeConsul('1.19.2'));
    const missing = join(folder, 'missing');
    await expect(findConsul({ env: { ...env, CONSUL_BIN: missing } })).rejects.toThrow(
      `CONSUL_BIN=${missing} is not an executable file.`,
    );
    await expect(findConsul({ env: { ...env, CONSUL_BIN: folder } })).rejects.toThrow('is not an executable file');
  });

  it('refuses a CONSUL_BIN that runs but is no Consul', async () => {
    const other = await place('other', '#!/bin/sh\necho "Vault v1.2.3"\n');
    await expect(findConsul({ env: { ...env, CONSUL_BIN: other } })).rejects.toThrow(
      `CONSUL_BIN: ${other} is no Consul: its "version" says "Vault v1.2.3"`,
    );
  });

  it('treats an empty CONSUL_BIN as not set and finds consul on PATH', async () => {
    const path = await place('bin/consul', fakeConsul('1.19.2'));
    await expect(findConsul({ env: { ...env, CONSUL_BIN: '' } })).resolves.toEqual({
      path,
      version: '1.19.2',
      source: 'PATH',
    });
  });

  it('goes on to the cache when the consul on PATH does not run', async () => {
    await place('bin/consul', '#!/bin/sh\nexit 1\n');
    const path = await place('cache/consul/1.20.6/consul', fakeConsul('1.20.6'));
    await expect(findConsul({ env })).resolves.toEqual({ path, version: '1.20.6', source: 'cache' });
  });

  it("takes Debian's build from the cache, but not before a version that was asked for by name", async () => {
    const path = await place('cache/consul/debian-bullseye/consul', fakeConsul('1.8.7'));
    await expect(findConsul({ env })).resolves.toMatchObject({ path, source: 'cache' });
    await expect(findConsul({ env: { ...env, CONSUL_VERSION: '1.21.2' } })).resolves.toMatchObject({
      path,
      source: 'Debian package',
    });
  });

  it('refuses a CONSUL_VERSION that is none, because it becomes part of a path', async () => {
    await expect(findConsul({ env: { ...env, CONSUL_VERSION: '../../etc' } })).rejects.toThrow(
      'CONSUL_VERSION=../../etc is not a version such as 1.20.6.',
    );
  });

  it('lists everything that was tried when nothing works', async () => {
    const failure: unknown = await findConsul({ env }).catch((error: unknown) => error);
    const lines = (failure as Error).message.split('\n');
    expect(lines).toEqual([
      'No Consul found. Tried, in this order:',
      '  - CONSUL_BIN: not set',
      '  - PATH: no executable named consul',
      `  - cache: ${join(folder, 'cache')} holds no 1.20.6 and no debian-bullseye`,
      expect.stringMatching(
        /^ {2}- release archive: http:\/\/127\.0\.0\.1:1\/consul\/1\.20\.6\/consul_1\.20\.6_SHA256SUMS: ./,
      ),
      '  - Debian package: apt-get is not on PATH',
      'Install Consul, or set CONSUL_BIN to the path of its executable.',
    ]);
  });

  it('ends the command with exit code 2 and the same message, without a stack trace', async () => {
    const child = spawn(process.execPath, [require.resolve('ts-node/dist/bin'), '-T', 'scripts/consul-binary.ts'], {
      env: { ...env, CONSUL_BIN: '/nowhere/consul' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr.on('data', (part: Buffer) => (output += part.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(output).toBe('CONSUL_BIN=/nowhere/consul is not an executable file.\n');
    expect(code).toBe(2);
  });

  describe('in a release archive', () => {
    let server: Server;
    let archive: Buffer;
    let sums: (name: string) => string;
    let cutAt: number | undefined;

    beforeEach(async () => {
      archive = storedZip('consul', Buffer.from(fakeConsul('1.20.6')));
      sums = (name) => `${'0'.repeat(64)}  other.zip\n${createHash('sha256').update(archive).digest('hex')}  ${name}\n`;
      cutAt = undefined;
      server = createServer((request, response) => {
        const url = request.url ?? '';
        if (url === '/mirror/consul/1.20.6/consul_1.20.6_SHA256SUMS') {
          response.end(sums(archiveName));
        } else if (url === `/mirror/consul/1.20.6/${archiveName}`) {
          response.writeHead(200, { 'content-length': archive.length });
          if (cutAt === undefined) response.end(archive);
          else response.write(archive.subarray(0, cutAt), () => response.destroy());
        } else {
          response.writeHead(404).end();
        }
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      env['CONSUL_RELEASES_URL'] = `http://127.0.0.1:${String(port)}/mirror/`;
    });

    afterEach(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });

    const cached = async (): Promise<readonly string[]> =>
      (await readdir(join(folder, 'cache'), { recursive: true })).sort();

    it('unpacks it into the cache and finds it there the next time', async () => {
      const path = join(folder, 'cache/consul/1.20.6/consul');
      await expect(findConsul({ env })).resolves.toEqual({ path, version: '1.20.6', source: 'release archive' });
      await expect(findConsul({ env })).resolves.toEqual({ path, version: '1.20.6', source: 'cache' });
      await expect(cached()).resolves.toEqual(['consul', 'consul/1.20.6', 'consul/1.20.6/consul']);
    });

    it('serves two callers at once', async () => {
      const [one, two] = await Promise.all([findConsul({ env }), findConsul({ env })]);
      expect(one).toEqual(two);
      await expect(cached()).resolves.toEqual(['consul', 'consul/1.20.6', 'consul/1.20.6/consul']);
    });

    it('replaces a cached executable that no longer runs', async () => {
      await place('cache/consul/1.20.6/consul', 'not a program');
      await expect(findConsul({ env })).resolves.toMatchObject({ version: '1.20.6', source: 'release archive' });
    });

    it.each<[string, () => void, RegExp]>([
      [
        'whose checksum is another one',
        () => (sums = (name) => `${'a'.repeat(64)}  ${name}\n`),
        /lists a{64}: refused/,
      ],
      ['that the release does not list', () => (sums = () => ''), /_SHA256SUMS does not list consul_1\.20\.6_/],
      ['that breaks off on the way', () => (cutAt = 20), /release archive: http:.*\.zip: \w/],
      ['that is no archive', () => (archive = Buffer.from('<html>')), /release archive: .*[Ee]nd of central directory/],
      [
        'without a consul in it',
        () => (archive = storedZip('LICENSE', Buffer.from('x'))),
        /holds no file named consul/,
      ],
      [
        'whose consul does not run here',
        () => (archive = storedZip('consul', Buffer.from('#!/bin/sh\nexit 3\n'))),
        /release archive: .* does not run/,
      ],
    ])('refuses one %s and leaves nothing in the cache', async (_what, spoil, reason) => {
      spoil();
      await expect(findConsul({ env })).rejects.toThrow(reason);
      await expect(cached()).resolves.toEqual(['consul']);
    });
  });
});

const archiveName = `consul_1.20.6_${process.platform}_${
  ({ x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' } as Readonly<Record<string, string>>)[process.arch] ?? ''
}.zip`;
