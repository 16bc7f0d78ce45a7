/**
 * HAProxy and nginx in front of one server, with HTTP/2 on both sides, each with its own defaults but for limits that
 * would only hold a benchmark up. A machine without them goes without them.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:net';
import { findOnPath } from '../consul/executable';
import { freePorts } from '../consul/free-ports';
import { hasEnded } from '../quickstart/processes';

export interface Proxy {
  readonly child: ChildProcess;
  /** `127.0.0.1:PORT`. */
  readonly address: string;
}

export const PROXIES = ['haproxy', 'nginx'] as const;
export type ProxyName = (typeof PROXIES)[number];

const READY_MS = 5_000;
const MANY_STREAMS = 1_024;

function haproxyConfig(port: number, target: string): string {
  return `global
  tune.h2.max-concurrent-streams ${MANY_STREAMS}
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend callers
  bind 127.0.0.1:${port} proto h2
  default_backend calculators
backend calculators
  server primary ${target} proto h2
`;
}

function nginxConfig(port: number, target: string, folder: string): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `worker_processes auto;
error_log stderr crit;
pid ${folder}/nginx.pid;
daemon off;
events { worker_connections 2048; }
http {
  access_log off;
${folders.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  keepalive_requests 1000000000;
  http2_max_concurrent_streams ${MANY_STREAMS};
  upstream calculators {
    server ${target};
    keepalive ${MANY_STREAMS};
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} http2;
    location / { grpc_pass grpc://calculators; }
  }
}
`;
}

/** Undefined when it is not installed; rejects when it is and does not serve. Its files lie in `folder`. */
export async function startProxy(name: ProxyName, target: string, folder: string): Promise<Proxy | undefined> {
  const binary = await findOnPath(name, `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`);
  if (binary === undefined) return undefined;
  const [port = 0] = await freePorts(1);
  const home = join(folder, name);
  await mkdir(home);
  const file = join(home, `${name}.conf`);
  await writeFile(file, name === 'haproxy' ? haproxyConfig(port, target) : nginxConfig(port, target, home));
  const flags = name === 'haproxy' ? ['-q', '-db', '-f', file] : ['-e', 'stderr', '-p', home, '-c', file];
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
