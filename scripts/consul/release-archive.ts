/**
 * Gets Consul from the official release archive, or from a mirror of the same layout. Nothing is unpacked before its
 * SHA-256 agrees with the release's own list.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';

export const OFFICIAL_RELEASES_URL = 'https://releases.hashicorp.com';

/** A machine without a network must get on to the next way soon; a slow line must not be cut while bytes flow. */
const FIRST_ANSWER_MS = 5_000;
const STALL_MS = 10_000;

const PLATFORMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', freebsd: 'freebsd' };
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' };

/** Downloads, checks and unpacks into `scratch`; gives the path of the executable. Rejects with one sentence. */
export async function unpackRelease(baseUrl: string, version: string, scratch: string): Promise<string> {
  const platform = PLATFORMS[process.platform];
  const architecture = ARCHITECTURES[process.arch];
  if (platform === undefined || architecture === undefined) {
    throw new Error(`no release is made for ${process.platform} on ${process.arch}`);
  }
  const name = `consul_${version}_${platform}_${architecture}.zip`;
  const folder = `${baseUrl.replace(/\/+$/, '')}/consul/${version}`;
  const sumsUrl = `${folder}/consul_${version}_SHA256SUMS`;
  const expected = checksumOf(name, await download(sumsUrl, async (body) => text(body)));
  if (expected === undefined) throw new Error(`${sumsUrl} does not list ${name}`);

  const archive = join(scratch, name);
  const actual = await download(`${folder}/${name}`, async (body) => saveAndHash(body, archive));
  if (actual !== expected) {
    throw new Error(`${folder}/${name} has SHA-256 ${actual}, but the release lists ${expected}: refused`);
  }
  return unzipConsul(archive, scratch);
}

function checksumOf(name: string, sums: string): string | undefined {
  for (const line of sums.split('\n')) {
    const [sum, file] = line.trim().split(/\s+/);
    if (file === name && sum !== undefined && /^[0-9a-f]{64}$/i.test(sum)) return sum.toLowerCase();
  }
  return undefined;
}

/** GETs `url` and hands its body to `consume`; gives up when nothing comes for a while. */
async function download<T>(url: string, consume: (body: Readable) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const patience = (ms: number): NodeJS.Timeout =>
    setTimeout(() => stop.abort(new Error(`nothing came for ${String(ms)} ms`)), ms);
  let timer = patience(FIRST_ANSWER_MS);
  try {
    const response = await fetch(url, { signal: stop.signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`HTTP ${String(response.status)}`);
    }
    const watched = new Transform({
      transform(chunk, _encoding, done) {
        clearTimeout(timer);
        timer = patience(STALL_MS);
        done(null, chunk);
      },
    });
    const source = Readable.fromWeb(response.body);
    const [result] = await Promise.all([consume(watched), pipeline(source, watched)]);
    return result;
  } catch (error) {
    throw new Error(`${url}: ${reasonOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function text(body: Readable): Promise<string> {
  let whole = '';
  body.setEncoding('utf8');
  for await (const part of body) whole += String(part);
  return whole;
}

async function saveAndHash(body: Readable, file: string): Promise<string> {
  const hash = createHash('sha256');
  body.on('data', (chunk: Buffer) => hash.update(chunk));
  await pipeline(body, createWriteStream(file));
  return hash.digest('hex');
}

async function unzipConsul(archive: string, scratch: string): Promise<string> {
  const zip = await openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== 'consul') continue;
      const executable = join(scratch, 'consul');
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(executable));
      return executable;
    }
  } finally {
    zip.close();
  }
  throw new Error('the archive holds no file named consul');
}

/** fetch says "fetch failed" and hides why in `cause`. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
