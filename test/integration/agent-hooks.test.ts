/**
 * Every hook against the real thing: programs, processes, HTTP servers. Two have a stand-in, because a test may not touch the
 * machine's own: a `systemctl` on PATH that writes down how it was called, and an Engine that speaks Docker's API on a socket.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHook, type HookContext, type TimedResult } from '../../agent/hooks/hook';
import { makeHook } from '../../agent/hooks/make-hook';
import type { RungConfig } from '../../agent/service-config';
import type { Clock } from '../../core/time/clock';
import { systemClock } from '../../runtime/system-clock';
import { processesWith } from '../support/processes';
import { until } from '../../scripts/chaos/until';
import { VirtualClock } from '../support/virtual-clock';

const clock = systemClock({ holdsProcess: true });
const never = new AbortController().signal;
const context: HookContext = {
  ...{ service: 'calculator', instance: 'calculator-1', incident: 'calculator-1-x', attempt: 2 },
  reason: 'no answer; "quoted" $HOME',
};
const common = { attempts: 1, timeoutMs: 10_000 };

let folder: string;
const servers: Server[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-hooks-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(folder, { recursive: true });
});

function run(
  rung: Exclude<RungConfig, { type: 'child' }>,
  env: NodeJS.ProcessEnv = process.env,
  { signal = never, time = clock }: { readonly signal?: AbortSignal; readonly time?: Clock } = {},
): Promise<TimedResult> {
  return runHook(makeHook(rung, { clock: time, rng: () => 0.5, env }), context, time, signal);
}

const script = (text: string, ...args: string[]): RungConfig & { type: 'exec' } => ({
  ...{ ...common, type: 'exec' },
  command: [process.execPath, '-e', text, ...args],
});

describe('the exec hook', () => {
  it('is told why in its environment, goes through no shell, and never sees our token', async () => {
    const text =
      'console.log(JSON.stringify([process.argv.slice(1), Object.entries(process.env).filter(([k]) => /UNDERSTUDY|CONSUL/.test(k))]))';
    const env = { ...process.env, CONSUL_HTTP_TOKEN: 'secret', UNDERSTUDY_REGISTRY_TOKEN: 'secret' };
    const { ok, how, output } = await run(script(text, '$HOME; echo x', '`id`'), env);
    expect({ ok, how }).toEqual({ ok: true, how: `${process.execPath} ended with exit code 0` });
    expect(JSON.parse(output ?? '')).toEqual([
      ['$HOME; echo x', '`id`'],
      [
        ['UNDERSTUDY_SERVICE', 'calculator'],
        ['UNDERSTUDY_INSTANCE', 'calculator-1'],
        ['UNDERSTUDY_INCIDENT', 'calculator-1-x'],
        ['UNDERSTUDY_REASON', 'no answer; "quoted" $HOME'],
        ['UNDERSTUDY_ATTEMPT', '2'],
      ],
    ]);
  });

  it('fails with the exit code, and keeps the end of what was printed', async () => {
    const result = await run(script('console.log("x".repeat(20000)); console.error("the end"); process.exitCode = 3'));
    expect(result).toMatchObject({ ok: false, how: expect.stringContaining('exit code 3') as string });
    expect(result.output?.length).toBe(4000);
    expect(result.output).toContain('the end');
  });

  it('is killed with everything that it started when its time is over', async () => {
    const mark = `hook-${process.pid}-${Date.now()}`;
    const inner = `setInterval(() => undefined, 1000)`;
    const text = `process.on('SIGTERM', () => {}); console.log('up'); require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}, '${mark}']); setInterval(() => undefined, 1000)`;
    const time = new VirtualClock();
    const running = run({ ...script(text, mark), timeoutMs: 1000 }, process.env, { time });
    await until(() => processesWith(mark).length === 2, { what: 'the hook and what it starts', timeoutMs: 20_000 });
    time.advance(1000);
    expect(await running).toMatchObject({
      ...{ ok: false, output: 'up\n', how: expect.stringContaining('did not end within 1s') as string },
    });
    await until(() => processesWith(mark).length === 0, { what: 'its whole group to be gone' });
  });

  it('does not wait for a server that it left behind, and leaves that alone', async () => {
    const mark = `left-${process.pid}-${Date.now()}`;
    const text = `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)', '${mark}'], { stdio: ['ignore', 'inherit', 'inherit'] }).unref()`;
    const result = await run(script(text));
    expect(result.ok).toBe(true);
    const [left, ...others] = processesWith(mark);
    expect(others).toEqual([]);
    process.kill(left!, 'SIGKILL');
    await until(() => processesWith(mark).length === 0, { what: 'the process to be gone' });
  });

  it('is stopped when the agent ends', async () => {
    const mark = `stopped-${process.pid}-${Date.now()}`;
    const ending = new AbortController();
    const running = run(script('setInterval(() => undefined, 1000)', mark), process.env, { signal: ending.signal });
    await until(() => processesWith(mark).length === 1, { what: 'the hook to run' });
    ending.abort(new Error('the agent ends'));
    expect(await running).toMatchObject({ ok: false, how: expect.stringContaining('SIGKILL') as string });
  });

  it('says that there is no such command', async () => {
    expect(await run({ ...common, type: 'exec', command: ['no-such-program-here'] })).toMatchObject({
      ok: false,
      how: 'no-such-program-here cannot be started: no such command',
    });
  });
});

describe('the systemd hook, against a stand-in systemctl on PATH', () => {
  it('restarts the unit, and takes nothing for a flag', async () => {
    const stand = join(folder, 'systemctl');
    writeFileSync(stand, `#!/bin/sh\nprintf '%s|' "$@" > ${folder}/called\n`);
    chmodSync(stand, 0o755);
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    const result = await run({ ...common, type: 'systemd', unit: 'calculator@1.service' }, env);
    expect(result).toMatchObject({ ok: true });
    expect(readFileSync(join(folder, 'called'), 'utf8')).toBe('restart|--|calculator@1.service|');
  });
});

describe('the signal hook', () => {
  const signal = { ...common, type: 'signal', signal: 'SIGHUP' } as const;

  async function server(mark: string): Promise<{ child: ChildProcess; heard: () => string }> {
    const text = `process.on('SIGHUP', () => console.log('HUP')); console.log('up'); setInterval(() => undefined, 1000)`;
    const child = spawn(process.execPath, ['-e', text, mark], { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    let heard = '';
    child.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    await until(() => heard.includes('up'), { what: 'the server to be up' });
    return { child, heard: () => heard };
  }

  it('reaches the process of a pid file', async () => {
    const { child, heard } = await server('by-file');
    const pidFile = join(folder, 'pid');
    writeFileSync(pidFile, `${child.pid}\n`);
    expect(await run({ ...signal, pidFile })).toMatchObject({
      ok: true,
      how: `SIGHUP was sent to process ${child.pid}`,
    });
    await until(() => heard().includes('HUP'), { what: 'the signal' });
    expect(await run({ ...signal, pidFile, match: 'another-server' })).toMatchObject({
      ok: false,
      how: 'there is no such process',
    });
  });

  it('finds a process by its command line, and signals nobody when two look like it', async () => {
    const mark = `by-match-${process.pid}-${Date.now()}`;
    const first = await server(mark);
    expect(await run({ ...signal, match: mark })).toMatchObject({ ok: true });
    await until(() => first.heard().includes('HUP'), { what: 'the signal' });
    await server(mark);
    expect(await run({ ...signal, match: mark })).toMatchObject({
      ok: false,
      how: expect.stringContaining('2 processes') as string,
    });
  });

  it.each([
    ['text', 'soon', 'holds no process id'],
    ['the agent itself', String(process.pid), 'there is no such process'],
    ['process 1', '1', 'there is no such process'],
    ['a whole group', '-1', 'holds no process id'],
  ])('does nothing for a pid file that holds %s', async (_name, text, how) => {
    const pidFile = join(folder, 'pid');
    writeFileSync(pidFile, text);
    const result = await run({ ...signal, signal: 'SIGKILL', pidFile });
    expect(result.ok).toBe(false);
    expect(result.how).toContain(how);
  });

  it('says that there is no pid file', async () => {
    const { how } = await run({ ...signal, pidFile: join(folder, 'missing') });
    expect(how).toContain('cannot be read: ENOENT');
  });
});

interface Got {
  readonly request: IncomingMessage;
  readonly body: string;
}

/** An HTTP server that answers with these statuses in turn; undefined is no answer at all. */
async function endpoint(
  statuses: readonly (number | undefined)[],
  where: string | number = 0,
): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      got.push({ request, body });
      const status = statuses[Math.min(got.length, statuses.length) - 1];
      if (status === undefined) request.socket.destroy();
      else
        response
          .writeHead(status, { location: 'http://127.0.0.1:1/' })
          .end(status === 204 ? undefined : `answer ${status}`);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    if (typeof where === 'number') server.listen(where, '127.0.0.1', resolve);
    else server.listen(where, resolve);
  });
  const port = typeof where === 'number' ? (server.address() as AddressInfo).port : 0;
  return { url: `http://127.0.0.1:${port}/hooks/s3cr3t-path`, got };
}

describe('the webhook', () => {
  const rung = { ...common, type: 'webhook', retries: 2 } as const;

  it('posts what happened, signed, and under one key for all tries', async () => {
    const { url, got } = await endpoint([200]);
    const secretFile = join(folder, 'secret');
    writeFileSync(secretFile, 'k3y\n');
    const result = await run({ ...rung, url, secretFile });
    expect(result).toMatchObject({ ok: true, how: `${new URL(url).origin} answered 200` });
    const [{ request, body } = { request: undefined, body: '' }] = got;
    expect(JSON.parse(body)).toEqual({
      event: 'recovery',
      ...context,
      at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
    expect(request?.method).toBe('POST');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'calculator-1-x/2',
      'x-understudy-signature': `sha256=${createHmac('sha256', 'k3y').update(body).digest('hex')}`,
    });
  });

  it('tries again when the endpoint is in trouble', async () => {
    const { url, got } = await endpoint([503, undefined, 200]);
    expect(await run({ ...rung, url })).toMatchObject({ ok: true, how: expect.stringContaining('(try 3)') as string });
    expect(new Set(got.map(({ request }) => request.headers['idempotency-key'])).size).toBe(1);
  });

  it('gives up after its tries, and at once when it was refused; its path is never told', async () => {
    const trouble = await endpoint([500]);
    expect(await run({ ...rung, retries: 1, url: trouble.url })).toMatchObject({ ok: false, output: 'answer 500' });
    expect(trouble.got).toHaveLength(2);
    const refused = await endpoint([302]);
    const result = await run({ ...rung, url: refused.url });
    expect(result).toMatchObject({ ok: false, how: `${new URL(refused.url).origin} answered 302` });
    expect(refused.got).toHaveLength(1);
    expect(JSON.stringify(result)).not.toContain('s3cr3t-path');
  });

  it('says that nobody answers, and that there is no secret', async () => {
    const { url } = await endpoint([200]);
    await new Promise((resolve) => servers.pop()!.close(resolve));
    expect(await run({ ...rung, retries: 0, url })).toMatchObject({
      ok: false,
      how: `${new URL(url).origin} cannot be reached: ECONNREFUSED`,
    });
    expect((await run({ ...rung, url, secretFile: join(folder, 'missing') })).how).toContain('ENOENT');
  });
});

describe('the docker hook', () => {
  it('restarts the container through the Engine on its socket', async () => {
    const socket = join(folder, 'docker.sock');
    const { got } = await endpoint([204, 404, 500], socket);
    const rung = { ...common, type: 'docker', container: 'calculator_1', socket } as const;
    expect(await run(rung)).toMatchObject({ ok: true, how: 'container calculator_1 was restarted' });
    expect(got[0]?.request).toMatchObject({ method: 'POST', url: '/containers/calculator_1/restart?t=10' });
    expect(await run(rung)).toMatchObject({ ok: false, how: expect.stringContaining('no such container') as string });
    expect(await run(rung)).toMatchObject({ ok: false, output: 'answer 500' });
  });

  it('says that there is no Engine', async () => {
    const socket = join(folder, 'none.sock');
    const result = await run({ ...common, type: 'docker', container: 'x', socket });
    expect(result).toMatchObject({ ok: false, how: `cannot restart container x: ${socket} ENOENT` });
  });
});
