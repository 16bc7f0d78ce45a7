/**
 * One Calculator of a scene and what keeps it: an agent of its own as a process, or the scene's hand, which registers it
 * once and starts it again when told. With the hand, callers reach it over a line that can be harmed.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { FaultsClient, faultsService } from '../../proto/calculator';
import type { Fault } from '../../proto/generated/calculator/v1/Fault';
import type { Registry } from '../../registry/port';
import { calculatorCommand, startAgent, type AgentProcess } from './agent-process';
import { startCalculator, type CalculatorProcess } from './calculator-process';
import { TcpProxy } from './tcp-proxy';
import { unary } from './unary';
import { until } from './until';

const SERVICE_TIME_MS = 3;
/** Longer than any row: nobody beats for what is registered by hand. */
const TTL_MS = 3_600_000;
/** A hung server is noticed, killed and started again long before. */
const REPLACED_MS = 60_000;

export interface NodePlan {
  readonly service: string;
  readonly id: string;
  readonly tier: number;
  readonly port: number;
  /** For the ledger, the journal; its name stands in the command line of the server. */
  readonly folder: string;
}

interface Common {
  readonly plan: NodePlan;
  serverPid(): Promise<number>;
  /** To the server, not to what keeps it. */
  signal(signal: NodeJS.Signals): Promise<void>;
  setFault(fault: Fault): Promise<void>;
  end(): Promise<void>;
}

export const ledgerOf = ({ folder, id }: NodePlan): string => join(folder, `${id}.ledger`);

export class AgentNode implements Common {
  private readonly agents: AgentProcess[] = [];

  constructor(
    readonly plan: NodePlan,
    private readonly consulAddress: string,
  ) {}

  /** The latest. */
  get agent(): AgentProcess {
    const agent = this.agents.at(-1);
    if (agent === undefined) throw new Error(`${this.plan.id} has no agent yet`);
    return agent;
  }

  startAgent(env: NodeJS.ProcessEnv = {}): void {
    const { service, id, tier, port, folder } = this.plan;
    const config = {
      registry: { address: this.consulAddress },
      journal: { folder: join(folder, 'journal') },
      services: [{ name: service, id: `${service}-${id}`, address: '127.0.0.1', port, tier }],
    };
    this.agents.push(startAgent({ config, command: calculatorCommand(...flagsOf(this.plan)), env }));
  }

  serverPid(): Promise<number> {
    return this.agent.serverPid();
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.serverPid(), signal);
  }

  /** Signals the server, and resolves when its agent has started another. */
  async replacedAfter(signal: NodeJS.Signals): Promise<void> {
    const before = await this.serverPid();
    process.kill(before, signal);
    await until(async () => (await this.serverPid()) !== before, {
      what: `another server in place of that of ${this.plan.id}`,
      timeoutMs: REPLACED_MS,
    });
  }

  setFault(fault: Fault): Promise<void> {
    return tellFault(this.plan.port, fault);
  }

  /** What systemd does with the rest of a service whose main process died. */
  killOrphans(): void {
    for (const pid of processesWith(ledgerOf(this.plan))) process.kill(pid, 'SIGKILL');
  }

  async end(): Promise<void> {
    for (const agent of this.agents) agent.signal('SIGCONT');
    await Promise.all(this.agents.map((agent) => agent.stop()));
    this.killOrphans();
  }
}

export class HandNode implements Common {
  private latest: CalculatorProcess | null = null;

  private constructor(
    readonly plan: NodePlan,
    readonly line: TcpProxy,
  ) {}

  static async start(plan: NodePlan, registry: Registry): Promise<HandNode> {
    const node = new HandNode(plan, await TcpProxy.start(plan.port));
    await node.startServer();
    const { service, id, tier } = plan;
    await registry.register({
      instance: {
        id: `${service}-${id}`,
        service,
        address: '127.0.0.1',
        port: node.line.port,
        tier,
        weight: 1,
        epoch: Date.now(),
        owner: 'chaos',
        tags: [],
        meta: {},
      },
      ttlMs: TTL_MS,
      deregisterAfterMs: TTL_MS,
      health: 'passing',
      reason: 'it was just started',
    });
    return node;
  }

  /** The earlier one must have ended, or be ending. */
  async startServer(): Promise<void> {
    await this.latest?.exited;
    const { id, port } = this.plan;
    const args = ['--service-time-ms', String(SERVICE_TIME_MS)];
    this.latest = await startCalculator({ instance: id, port, ledger: ledgerOf(this.plan), allowFaults: true, args });
  }

  private get server(): CalculatorProcess {
    if (this.latest === null) throw new Error(`${this.plan.id} was never started`);
    return this.latest;
  }

  exited(): Promise<unknown> {
    return this.server.exited;
  }

  serverPid(): Promise<number> {
    return Promise.resolve(this.server.pid);
  }

  signal(signal: NodeJS.Signals): Promise<void> {
    this.server.signal(signal);
    return Promise.resolve();
  }

  setFault(fault: Fault): Promise<void> {
    return tellFault(this.plan.port, fault);
  }

  async end(): Promise<void> {
    this.latest?.signal('SIGCONT');
    await this.latest?.stop();
    await this.line.stop();
  }
}

function flagsOf(plan: NodePlan): readonly string[] {
  const { id, port } = plan;
  const flags = ['--instance', id, '--port', port, '--ledger', ledgerOf(plan), '--service-time-ms', SERVICE_TIME_MS];
  return [...flags.map(String), '--allow-faults'];
}

async function tellFault(port: number, fault: Fault): Promise<void> {
  const client = new FaultsClient(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    await unary(client, faultsService.SetFault, fault);
  } finally {
    client.close();
  }
}

/** Process ids whose command line holds `text`; Linux only. */
function processesWith(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && commandLine(pid).split('\0').includes(text));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended while we looked.
    return '';
  }
}
