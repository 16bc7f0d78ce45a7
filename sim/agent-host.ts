/**
 * One machine: a real agent (agent/build-agent.ts) that supervises a simulated server as its child, with probes and processes
 * made of the same simulation. It does what it is told by the schedule, and decides nothing.
 */
import { buildAgent } from '../agent/build-agent';
import type { Agent } from '../agent/agent';
import { MemoryJournal } from '../agent/journal/memory-journal';
import type { Probe, ProbeResult, ServerExit, ServerLauncher, ServerProcess } from '../agent/ports';
import type { ServiceConfig } from '../agent/service-config';
import { ConsulAccess } from './consul-access';
import type { SimConsul } from './consul';
import type { Engine } from './engine';
import type { Network } from './network';
import type { Random } from './random';
import type { SimServer } from './server';
import { SimProcess } from './sim-process';

export interface HostPorts {
  readonly engine: Engine;
  readonly network: Network;
  readonly consul: SimConsul;
  readonly random: Random;
  readonly say: (line: string) => void;
  /** The agent signals a server that still runs. */
  readonly onSignal: (host: AgentHost, signal: string) => void;
  readonly onLaunch: (host: AgentHost) => void;
}

/** From the start of a process to its first answer. */
const START_MS = [100, 600] as const;
const CRASH_MS = 300;

export class AgentHost {
  private process: SimProcess;
  private agent: Agent | null = null;
  private onExit: ((exit: ServerExit) => void) | null = null;
  private launches = 0;
  /** When this run of the agent began. */
  startedMs = 0;
  /** The agent was told to leave. */
  isLeaving = false;
  /** Until then each new process ends soon after its start. */
  crashesUntilMs = 0;

  constructor(
    readonly config: ServiceConfig,
    readonly server: SimServer,
    private readonly ports: HostPorts,
  ) {
    this.process = new SimProcess(ports.engine);
  }

  get id(): string {
    return this.config.instance.id;
  }

  get isRunning(): boolean {
    return this.agent !== null;
  }

  get isStopped(): boolean {
    return this.process.isStopped;
  }

  /** @param skewMs how far the machine's wall clock is off */
  start(skewMs = 0): void {
    const { engine, network, consul, random, say } = this.ports;
    this.process = new SimProcess(engine, skewMs);
    this.isLeaving = false;
    this.startedMs = engine.nowMs;
    const { process } = this;
    const agent = buildAgent([this.config], `host.${this.id}`, {
      registry: new ConsulAccess(consul, network, this.id, process),
      clock: process,
      rng: random.next,
      log: { write: (_level, message) => say(`agent ${message}`) },
      journal: new MemoryJournal(),
      hookOf: () => {
        throw new Error('no hooks in the simulation');
      },
      probeOf: () => new LocalProbe(this.server, process, random),
      launcher: this.launcher(process),
      onCannotStart: () => undefined,
    });
    this.agent = agent;
    void agent.run().then(() => {
      if (this.agent !== agent) return;
      this.agent = null;
      process.die();
    });
  }

  /** `kill -9` of the agent; its server goes with it. */
  kill(silently = false): void {
    this.process.die();
    this.agent = null;
    this.onExit = null;
    this.server.end(silently);
  }

  /** The orderly end, as `systemctl stop` asks for it. */
  leave(): void {
    this.isLeaving = true;
    this.agent?.stop('draining: a new version', 0, 143);
  }

  pause(ms: number): void {
    this.process.stopFor(ms);
  }

  /** An operator lets it try again what it gave up. */
  forgive(): void {
    this.ports.onSignal(this, 'SIGHUP');
    this.agent?.signal('SIGHUP');
  }

  /** `kill -9` of the server alone. */
  killServer(how = 'signal SIGKILL'): void {
    const { onExit, process } = this;
    if (!this.server.isUp && onExit === null) return;
    this.onExit = null;
    this.server.end();
    if (onExit !== null) this.ports.engine.at(this.ports.engine.nowMs + 1, () => process.take(() => onExit({ how })));
  }

  private launcher(process: SimProcess): ServerLauncher {
    return {
      launch: (onExit): ServerProcess => {
        const { engine, random } = this.ports;
        this.launches += 1;
        const launch = this.launches;
        this.onExit = onExit;
        this.ports.onLaunch(this);
        this.server.renew();
        engine.at(engine.nowMs + random.between(...START_MS), () => {
          if (this.onExit !== onExit || this.launches !== launch) return;
          this.server.start();
          if (engine.nowMs < this.crashesUntilMs)
            engine.at(engine.nowMs + CRASH_MS, () => this.killServer('exit code 1'));
        });
        return { pid: 1_000 + launch, signal: (name) => this.signal(name, onExit, process) };
      },
    };
  }

  private signal(name: string, onExit: (exit: ServerExit) => void, process: SimProcess): boolean {
    if (this.onExit !== onExit) return false;
    const { engine } = this.ports;
    this.ports.onSignal(this, name);
    const end = (): void => {
      if (this.onExit !== onExit) return;
      this.onExit = null;
      this.server.end();
      engine.at(engine.nowMs + 1, () => process.take(() => onExit({ how: `signal ${name}` })));
    };
    if (name === 'SIGKILL') end();
    if (name === 'SIGTERM' && this.server.mode !== 'hung') {
      this.server.drain();
      engine.at(engine.nowMs + 50, end);
    }
    return true;
  }
}

class LocalProbe implements Probe {
  constructor(
    private readonly server: SimServer,
    private readonly process: SimProcess,
    private readonly random: Random,
  ) {}

  check(): Promise<ProbeResult> {
    return new Promise((resolve) => {
      const tookMs = this.random.between(0.2, 0.6);
      this.process.after(tookMs, () => this.look(resolve));
    });
  }

  reset(): void {
    return;
  }

  close(): void {
    return;
  }

  private look(tell: (result: ProbeResult) => void): void {
    const { server } = this;
    if (!server.isUp) tell({ outcome: 'refused', reason: 'cannot reach it: ECONNREFUSED' });
    else if (server.mode === 'hung') return;
    else if (server.isServing) tell({ outcome: 'pass', reason: 'SERVING' });
    else tell({ outcome: 'answered-no', reason: 'server says NOT_SERVING' });
  }
}
