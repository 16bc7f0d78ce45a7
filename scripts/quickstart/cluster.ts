/**
 * Starts the cluster of the main job: three Calculators, tiers 0, 1 and 2, each as the child of an agent of its own.
 * Everything of it lives in one folder, on loopback ports of its own.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../consul/free-ports';

export interface Node {
  readonly id: string;
  readonly tier: number;
  readonly port: number;
  readonly agent: ChildProcess;
  readonly agentLog: string;
  readonly ledger: string;
  /** Process id of the server at this moment; it changes with each restart. */
  serverPid(): Promise<number>;
}

export interface ClusterOptions {
  readonly folder: string;
  readonly consulAddress: string;
  /** Root of the built package. */
  readonly root: string;
  readonly size: number;
}

/** Leaves its shell's pid behind, which `exec` makes the server's. */
const ANNOUNCE_PID = 'echo $$ > "$0"; exec "$@"';

export async function startCluster(options: ClusterOptions): Promise<readonly Node[]> {
  const ports = await freePorts(options.size);
  return Promise.all(ports.map((port, tier) => startNode(options, tier, port)));
}

async function startNode(options: ClusterOptions, tier: number, port: number): Promise<Node> {
  const id = `calculator-${tier + 1}`;
  const file = (name: string): string => join(options.folder, `${id}.${name}`);
  const config = {
    registry: { address: options.consulAddress },
    log: { format: 'json' },
    services: [{ name: 'calculator', id, address: '127.0.0.1', port, tier }],
  };
  await writeFile(file('agent.json'), JSON.stringify(config, null, 2));
  const server = [
    process.execPath,
    join(options.root, 'dist/calculator/main.js'),
    '--port',
    String(port),
    '--instance',
    id,
  ];
  const command = ['/bin/sh', '-c', ANNOUNCE_PID, file('pid'), ...server, '--ledger', file('ledger'), '--allow-faults'];
  const log = openSync(file('agent.log'), 'w');
  // A process group of its own: Ctrl-C reaches the quickstart alone, which ends things in order.
  const agent = spawn(
    process.execPath,
    [join(options.root, 'dist/cli/main.js'), 'agent', '--config', file('agent.json'), '--', ...command],
    { stdio: ['ignore', log, log], detached: true },
  );
  closeSync(log);
  const serverPid = async (): Promise<number> => Number(await readFile(file('pid'), 'utf8'));
  return { id, tier, port, agent, agentLog: file('agent.log'), ledger: file('ledger'), serverPid };
}
