/**
 * The Compose cluster under a name, a port and a network of its own, so that it can run beside one that a person
 * started: brings it up, asks its Consul, does harm by the documented commands, and takes everything away again.
 */
import { join, resolve } from 'node:path';
import type { Snapshot } from '../../core/domain/snapshot';
import { openRegistry } from '../../registry/factory';
import { freePorts } from '../consul/free-ports';
import { whenKilled } from '../when-killed';
import { docker } from './docker';

const ROOT = resolve(__dirname, '../..');
export const SERVERS = ['consul-server-1', 'consul-server-2', 'consul-server-3'] as const;
export type ServerName = (typeof SERVERS)[number];

const ASK_MS = 1_000;
const DOWN = ['down', '--volumes', '--remove-orphans', '--timeout', '3'];

export class Cluster {
  private readonly standDown: () => void;
  private ended: Promise<void> | undefined;

  private constructor(
    readonly project: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly ports: readonly number[],
    private readonly signal: AbortSignal | undefined,
  ) {
    this.standDown = whenKilled('docker "$@"', this.args(DOWN), { cwd: ROOT, env });
  }

  /** Nothing runs yet. `signal` ends whatever command is under way, but never `down`. */
  static async prepare(signal?: AbortSignal): Promise<Cluster> {
    const ports = await freePorts(SERVERS.length);
    const [first, second, third] = ports.map(String);
    const env = {
      ...process.env,
      CONSUL_PORT: first,
      CONSUL_PORT_2: second,
      CONSUL_PORT_3: third,
      // Two clusters on one machine need two networks.
      UNDERSTUDY_NET: `172.16.${process.pid % 200}`,
    };
    return new Cluster(`understudy-drill-${process.pid}`, env, ports, signal);
  }

  /** Consul's UI and API, as a browser on this host reaches them. */
  get ui(): string {
    return `http://127.0.0.1:${this.ports[0] ?? 0}`;
  }

  /** Resolves when the load runs, which waits until every Calculator is passing. */
  async up(): Promise<void> {
    await this.compose('up', '--detach', '--build');
  }

  /** Takes containers, networks and volumes away, and images that a newer build took the name from; idempotent. */
  down(): Promise<void> {
    this.ended ??= this.takeAway();
    return this.ended;
  }

  private async takeAway(): Promise<void> {
    await docker(this.args(DOWN), { cwd: ROOT, env: this.env });
    this.standDown();
    const ours = ['--filter', 'label=org.opencontainers.image.title=understudy-rpc'];
    // Whoever prunes at the same moment does it for us.
    await docker(['image', 'prune', '--force', ...ours]).catch(() => undefined);
  }

  compose(...args: readonly string[]): Promise<string> {
    return docker(this.args(args), { cwd: ROOT, env: this.env, signal: this.signal });
  }

  async containerOf(service: string): Promise<string> {
    return (await this.compose('ps', '--all', '--quiet', service)).trim();
  }

  /** Signals the primary's server; resolves with what was done. */
  async chaos(what: 'kill' | 'pause' | 'resume'): Promise<string> {
    return (await this.compose('run', '--rm', '--no-deps', '-T', 'chaos', what)).trim();
  }

  /** Cuts a machine off, as by pulling its cable. Resolves with how to bring it back, under its old address. */
  async disconnect(node: string): Promise<() => Promise<void>> {
    const network = `${this.project}_cluster`;
    const container = await this.containerOf(node);
    const format = `{{with index .NetworkSettings.Networks "${network}"}}{{.IPAMConfig.IPv4Address}} {{join .Aliases " "}}{{end}}`;
    const [address = '', ...aliases] = (await docker(['inspect', '--format', format, container])).trim().split(' ');
    await docker(['network', 'disconnect', network, container]);
    const names = aliases.flatMap((alias) => ['--alias', alias]);
    return async () => {
      await docker(['network', 'connect', '--ip', address, ...names, network, container]);
    };
  }

  /** What the catalog says, by the first Consul server that answers; rejects when none does. */
  async catalog(): Promise<Snapshot> {
    return this.askAny(async (address) => {
      const registry = openRegistry({ address, timeoutMs: ASK_MS }, {});
      try {
        return await registry.snapshot({ service: 'calculator' });
      } finally {
        await registry.close();
      }
    });
  }

  /** The server that leads; rejects when no server answers, or none leads. */
  async leader(): Promise<ServerName> {
    const address = await this.askAny((server) => text(`http://${server}/v1/status/leader`));
    const host = Number(/\.1(\d):\d+"$/.exec(address.trim())?.[1]);
    const name = SERVERS[host - 1];
    if (name === undefined) throw new Error('Consul has no leader');
    return name;
  }

  /** How many of the three servers answer and know a leader. */
  async serversUp(): Promise<number> {
    const answers = await Promise.allSettled(
      this.ports.map((port) => text(`http://127.0.0.1:${port}/v1/status/leader`)),
    );
    return answers.filter((answer) => answer.status === 'fulfilled' && answer.value.includes(':8300')).length;
  }

  private async askAny<T>(ask: (address: string) => Promise<T>): Promise<T> {
    let failure: unknown;
    for (const port of this.ports) {
      try {
        return await ask(`127.0.0.1:${port}`);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  private args(args: readonly string[]): readonly string[] {
    const files = ['docker-compose.yml', 'compose/drill.yaml'].flatMap((file) => ['--file', join(ROOT, file)]);
    return ['compose', '--project-name', this.project, '--progress', 'quiet', ...files, ...args];
  }
}

async function text(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}
