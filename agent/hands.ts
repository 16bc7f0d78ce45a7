/**
 * Everything that can be done about one server: the child that this agent runs, or the neighbour that it may end. It carries
 * the words of each step to its listener and into the incident; what is done and when is decided in core/decide.
 */
import type { NeighbourPhase } from '../core/decide/neighbour';
import type { RestartPhase } from '../core/decide/restart';
import type { Clock, Rng } from '../core/time/clock';
import type { IncidentTracker } from './incident-tracker';
import { Neighbour } from './neighbour';
import type { LogLevel, NeighbourProcesses, ServerExit, ServerLauncher } from './ports';
import type { ServiceConfig } from './service-config';
import { SupervisedChild } from './supervised-child';

export interface HandsPorts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly incident: IncidentTracker;
  /** Given: the server is a child of this agent. */
  readonly launcher?: ServerLauncher;
  /** Given: the server runs on its own, and is ended when it is ill. */
  readonly neighbour?: NeighbourProcesses;
}

export interface HandsListener {
  /** A process of ours was asked for; its pid, when it has one. */
  onSpawn(pid: number | undefined): void;
  onExit(exit: ServerExit): void;
  /** A step of the child, which speaks for the whole server while it is not running. */
  onChildStep(phase: RestartPhase, reason: string): void;
  /** A step beside a server that is not ours: one more word about an ill server. */
  onStep(level: LogLevel, reason: string): void;
  /** The server's process was ended, and somebody else starts it again. */
  onGone(): void;
}

export class Hands {
  private readonly child: SupervisedChild | undefined;
  private readonly neighbour: Neighbour | undefined;
  private pid: number | undefined;

  constructor(
    private readonly config: Pick<ServiceConfig, 'restart' | 'drain'>,
    private readonly ports: HandsPorts,
    private readonly listener: HandsListener,
  ) {
    const { launcher, neighbour } = ports;
    this.child = launcher && this.ownOf(launcher);
    this.neighbour = neighbour && this.besideOf(neighbour);
  }

  /** Of the child; undefined when the server is not ours. */
  get phase(): RestartPhase | undefined {
    return this.child?.phase;
  }

  /** What is being done about an ill server that is not ours; empty while it is well. */
  get note(): string {
    return this.neighbour?.note ?? '';
  }

  start(): void {
    this.child?.send({ type: 'start' });
  }

  /** A probe says that the server is well. */
  healthy(): void {
    this.child?.send({ type: 'healthy' });
    this.neighbour?.healthy();
  }

  /** The probes say that the server is ill; said again with every probe. */
  ill(reason: string): void {
    this.child?.send({ type: 'unhealthy', reason });
    this.neighbour?.unhealthy(reason);
  }

  /** An operator says: forget the past. */
  reset(): void {
    this.child?.send({ type: 'reset' });
    this.neighbour?.reset();
  }

  /** Passes a signal on to the child; false when there is none. */
  signal(name: NodeJS.Signals): boolean {
    return this.child?.signal(name) ?? false;
  }

  /** Does nothing more about an ill server; a child runs on. Idempotent. */
  rest(): void {
    this.neighbour?.stop();
  }

  /** Ends the child politely. False when there is none. */
  async drain(): Promise<boolean> {
    await this.child?.drain(this.config.drain.timeoutMs);
    return this.child !== undefined;
  }

  /** Ends the child at once. Idempotent. */
  kill(): void {
    this.child?.kill();
    this.rest();
  }

  private ownOf(launcher: ServerLauncher): SupervisedChild {
    const { clock, rng } = this.ports;
    return new SupervisedChild(
      this.config.restart,
      { launcher, clock, rng },
      {
        onSpawn: (pid) => {
          this.pid = pid;
          this.listener.onSpawn(pid);
        },
        onStep: (phase, reason) => this.onChildStep(phase, reason),
        onExit: (exit) => this.onExit(exit),
      },
    );
  }

  private besideOf(processes: NeighbourProcesses): Neighbour {
    return new Neighbour(
      this.config.restart,
      { processes, clock: this.ports.clock },
      {
        onStep: (phase, reason) => this.onNeighbourStep(phase, reason),
        onGone: () => this.listener.onGone(),
      },
    );
  }

  private onExit(exit: ServerExit): void {
    const phase = this.child?.phase;
    const pid = this.pid === undefined ? {} : { pid: this.pid };
    const sentence = `server ended: ${exit.how}`;
    if (phase?.name === 'running') this.ports.incident.take({ kind: 'detected', source: 'child', sentence, ...pid });
    if (phase?.name === 'stopping' && !phase.final)
      this.ports.incident.take({ kind: 'acted', source: 'child', sentence, action: 'stop', ok: true, ...pid });
    this.listener.onExit(exit);
  }

  private onChildStep(phase: RestartPhase, sentence: string): void {
    const { incident } = this.ports;
    const source = 'child';
    if (phase.name === 'waiting') incident.take({ kind: 'decided', source, sentence });
    if (phase.name === 'given-up') incident.take({ kind: 'given-up', source, sentence });
    if (phase.name === 'idle') incident.take({ kind: 'note', source, sentence });
    if (phase.name === 'running' && !phase.proven) {
      const pid = this.pid === undefined ? {} : { pid: this.pid };
      incident.take({ kind: 'acted', source, sentence, action: 'start', ok: true, ...pid });
    }
    if (phase.name === 'stopping' && !phase.final) {
      // A server that never passed a probe is not told ill by the probes but by its time.
      if (incident.current === undefined) incident.take({ kind: 'detected', source, sentence: phase.why });
      const action = phase.killAtMs === undefined ? 'SIGKILL' : 'SIGTERM';
      incident.take({ kind: 'acted', source, sentence, action, ok: true });
    }
    this.listener.onChildStep(phase, sentence);
  }

  private onNeighbourStep(phase: NeighbourPhase, sentence: string): void {
    const { incident } = this.ports;
    const source = 'neighbour';
    if (phase.name === 'given-up') incident.take({ kind: 'given-up', source, sentence });
    else if (phase.name === 'watching') incident.take({ kind: 'decided', source, sentence });
    else {
      const action = phase.killAtMs === undefined ? 'SIGKILL' : 'SIGTERM';
      incident.take({ kind: 'acted', source, sentence, action, ok: true });
    }
    this.listener.onStep(phase.name === 'given-up' ? 'error' : 'warn', sentence);
  }
}
