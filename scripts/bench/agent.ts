/**
 * What one agent costs when nothing is wrong, by the number of services that it looks after: the built package in a process
 * of its own, its probes on one real server that all services share, and a real Consul behind a relay that counts.
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RequestRelay } from '../consul/request-relay';
import { circumstances } from './results';
import type { SheetPart } from './sheet-part';
import { Site } from './site';
import { rounded } from './statistics';

const MAIN = resolve(__dirname, '../../dist/cli/main.js');
const REGISTERED_MS = 60_000;
const SETTLE_MS = 5_000;
/** Linux counts a process's CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

export const AGENT: SheetPart = {
  name: 'agent',
  title: 'What one agent costs',
  words: `One agent with the defaults, while nothing is wrong: a probe and a beat each second for each service. All services share
one real server, whose own cost does not count. CPU is the agent process's time, user and system, in percent of one core;
requests are those to Consul. Linux only.`,
  columns: {
    services: 'services',
    seconds: 'seconds',
    cpuPercent: 'CPU %',
    requests: 'Consul requests/s',
    rssMb: 'RSS MB',
  },
  async measure({ command, quick }, cleanup, say) {
    const site = await Site.start(cleanup, say);
    const where = circumstances(command, site.consul.version);
    const server = await site.startCalculator('shared');
    const traffic = { requests: 0 };
    const relay = await RequestRelay.start(site.consul.httpPort, cleanup, () => (traffic.requests += 1));
    const counted = { address: relay.address, traffic };
    const rows = [];
    for (const services of quick ? [1, 100] : [1, 100, 1_000]) {
      rows.push(await rowOf(site, counted, services, server.port, quick ? 5 : 20));
      say(`agent: ${services} services are done`);
    }
    return { ...where, rows };
  },
};

async function rowOf(
  site: Site,
  { address, traffic }: { readonly address: string; readonly traffic: { readonly requests: number } },
  services: number,
  port: number,
  seconds: number,
): Promise<Readonly<Record<string, number>>> {
  const named = Array.from({ length: services }, (_, at) => ({
    name: `of-${services}-${at}`,
    address: '127.0.0.1',
    port,
  }));
  const file = join(site.folder, `agent-${services}.json`);
  const config = { agent: { id: `bench-${services}` }, registry: { address }, log: { level: 'error' } };
  await writeFile(file, JSON.stringify({ ...config, services: named }));
  const child = spawn(process.execPath, [MAIN, 'agent', '--config', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  site.own(child);
  const endMs = Date.now() + REGISTERED_MS;
  while ((await site.registry.registered()).filter(({ owner }) => owner === config.agent.id).length < services) {
    if (child.exitCode !== null || Date.now() > endMs)
      throw new Error(`the agent did not register ${services} services`);
    await pause(500);
  }
  await pause(SETTLE_MS);
  const pid = child.pid ?? 0;
  const before = { cpuMs: await cpuMs(pid), requests: traffic.requests, atMs: performance.now() };
  await pause(seconds * 1_000);
  const tookMs = performance.now() - before.atMs;
  const row = {
    services,
    seconds,
    cpuPercent: rounded((((await cpuMs(pid)) - before.cpuMs) * 100) / tookMs, 1),
    requests: rounded(((traffic.requests - before.requests) * 1_000) / tookMs, 1),
    rssMb: rounded(await rssMb(pid), 1),
  };
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 30_000);
  await ended;
  clearTimeout(force);
  return row;
}

/** proc_pid_stat(5): fields 14 and 15; the second field may hold spaces and ends with the last bracket. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

async function rssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1_000;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
