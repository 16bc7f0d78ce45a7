/**
 * HAProxy and nginx as processes in front of a primary and a backup. A machine without them goes without them; what their
 * configuration says is decided elsewhere.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findOnPath } from '../consul/executable';
import { freePorts } from '../consul/free-ports';
import { hasEnded } from '../quickstart/processes';
import { proxyConfig, type ProxyKind, type ProxyProgram, type ProxyServers } from './proxy-configs';

export interface InstalledProxy {
  readonly program: ProxyProgram;
  readonly binary: string;
}

export interface Proxy {
  readonly child: ChildProcess;
  /** `127.0.0.1:PORT`. */
  readonly address: string;
}

const READY_MS = 5_000;

/** Undefined when it is not installed. */
export async function findProxy(program: ProxyProgram): Promise<InstalledProxy | undefined> {
  const binary = await findOnPath(program, `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`);
  return binary === undefined ? undefined : { program, binary };
}

/** Rejects when it does not serve. Its files lie in a new folder within `folder`. The caller ends the process. */
export async function startProxy(
  { program, binary }: InstalledProxy,
  kind: ProxyKind,
  servers: ProxyServers,
  folder: string,
): Promise<Proxy> {
  const [port = 0] = await freePorts(1);
  const home = await mkdtemp(join(folder, `${program}-`));
  const file = join(home, `${program}.conf`);
  await writeFile(file, proxyConfig(program, kind, servers, { port, home }));
  const flags = program === 'haproxy' ? ['-q', '-db', '-f', file] : ['-e', 'stderr', '-p', home, '-c', file];
  const child = spawn(binary, flags, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let complaint = '';
  child.stderr.on('data', (data) => (complaint += String(data)));
  const endMs = Date.now() + READY_MS;
  while (!(await accepts(port))) {
    if (hasEnded(child) || Date.now() > endMs) {
      child.kill('SIGKILL');
      throw new Error(`${binary} does not serve: ${complaint.trim()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { child, address: `127.0.0.1:${port}` };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
