/**
 * Three real Consul servers and one Consul agent in client mode, as a machine of a fleet has it: ours speak to the agent,
 * the servers elect a leader. All on loopback, on ports of their own; nothing of it outlives `stop`.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptsWrites } from '../consul/accepts-writes';
import { consulConfig, type ConsulPorts } from '../consul/consul-config';
import { freePorts } from '../consul/free-ports';
import { launchConsul, type ConsulRun } from '../consul/launch-consul';
import { until } from './until';

const SERVERS = 3;
const READY_MS = 40_000;

export interface ConsulBinary {
  readonly path: string;
  readonly version: string;
}

export class ConsulCluster {
  private constructor(
    private readonly folder: string,
    private readonly servers: readonly Member[],
    private readonly local: Member,
  ) {}

  /** Resolves when there is a leader and the local agent takes writes. */
  static async start(binary: ConsulBinary): Promise<ConsulCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'understudy-consuls-'));
    const ports = await freePorts((SERVERS + 1) * 4);
    const portsOf = (place: number): ConsulPorts => {
      const [http = 0, server = 0, serfLan = 0, serfWan = 0] = ports.slice(place * 4);
      return { http, server, serfLan, serfWan };
    };
    const places = Array.from({ length: SERVERS }, (_none, place) => portsOf(place));
    const join3 = places.map(({ serfLan }) => `127.0.0.1:${serfLan}`);
    const member = (at: ConsulPorts, isServer: boolean): Member =>
      new Member(binary, at, configOf(at, binary.version, isServer, join3), folder);
    const cluster = new ConsulCluster(
      folder,
      places.map((at) => member(at, true)),
      member(portsOf(SERVERS), false),
    );
    try {
      await cluster.startAll();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** `127.0.0.1:PORT` of the agent in client mode. */
  get address(): string {
    return this.local.address;
  }

  /** Kills the leader. @returns starts it again */
  async killLeader(): Promise<() => Promise<void>> {
    const told = await until(() => this.leader(), { what: 'a leader', timeoutMs: READY_MS });
    const leader = this.servers.find(({ ports }) => told === `127.0.0.1:${ports.server}`);
    if (leader === undefined) throw new Error(`the leader ${told} is none of ours`);
    await leader.kill();
    return () => leader.start();
  }

  /** Kills so many servers. */
  async killServers(count: number): Promise<void> {
    await Promise.all(this.servers.slice(0, count).map((server) => server.kill()));
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.servers, this.local].map((member) => member.kill()));
  }

  /** Of those that do not run; all that they ever knew is gone. */
  async wipe(): Promise<void> {
    await Promise.all([...this.servers, this.local].map((member) => member.wipe()));
  }

  /** Starts those that do not run, and resolves when writes work. */
  async startAll(): Promise<void> {
    await Promise.all([...this.servers, this.local].map((member) => member.start()));
    await until(() => acceptsWrites(this.local.ports.http), {
      what: 'the Consul cluster to take writes',
      timeoutMs: READY_MS,
      everyMs: 50,
    });
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.killAll();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async leader(): Promise<string> {
    const answer = await fetch(`http://${this.address}/v1/status/leader`, { signal: AbortSignal.timeout(2_000) });
    return (await answer.json()) as string;
  }
}

/** One Consul process, now and after each start. */
class Member {
  private run: ConsulRun | undefined;

  constructor(
    private readonly binary: ConsulBinary,
    readonly ports: ConsulPorts,
    private readonly config: string,
    private readonly parent: string,
  ) {}

  get address(): string {
    return `127.0.0.1:${this.ports.http}`;
  }

  private get file(): string {
    return join(this.parent, `${this.ports.http}`);
  }

  async start(): Promise<void> {
    if (this.run !== undefined) return;
    await writeFile(`${this.file}.hcl`, this.config);
    const flags = ['agent', `-config-file=${this.file}.hcl`, `-data-dir=${this.file}.data`];
    this.run = await launchConsul(this.binary.path, flags, this.parent, `${this.file}.log`);
  }

  async kill(): Promise<void> {
    const { run } = this;
    this.run = undefined;
    run?.child.kill('SIGKILL');
    await run?.ended;
  }

  wipe(): Promise<void> {
    return rm(`${this.file}.data`, { recursive: true, force: true });
  }
}

function configOf(ports: ConsulPorts, version: string, isServer: boolean, others: readonly string[]): string {
  return `${consulConfig(ports, version)}
server = ${isServer}
${isServer ? `bootstrap_expect = ${SERVERS}` : ''}
retry_join = ${JSON.stringify(others)}
retry_interval = "1s"
performance { raft_multiplier = 1 }
`;
}
