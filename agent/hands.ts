/**
 * Everything that can be done about one server: the child that this agent runs, the neighbour that it may end, or the ladder
 * of hooks, which then decides alone about a server that is ill but runs. It carries the words of each step to its listener
 * and into the incident; what is done and when is decided in core/decide.
 */
import type { NeighbourPhase } from '../core/decide/neighbour';
import type { RestartPhase } from '../core/decide/restart';
import type { IncidentEvent } from '../core/domain/incident';
import type { Incident } from '../core/domain/incident-record';
import type { Clock, Rng } from '../core/time/clock';
import { AskedRestart } from './asked-restart';
import { childHook } from './hooks/child-hook';
import type { Hook } from './hooks/hook';
import type { IncidentTracker } from './incident-tracker';
import { Ladder } from './ladder';
import { FleetGuard, type GuardPorts } from './fleet-guard';
import { Neighbour } from './neighbour';
import type { Log, LogLevel, NeighbourProcesses, ServerExit, ServerLauncher } from './ports';
import { childSteps, exitStep, loudness, neighbourStep } from './process-steps';
import type { HookRung, ServiceConfig } from './service-config';
import { SupervisedChild } from './supervised-child';

export interface HandsPorts {
  /** The hooks of the ladder, but for the child's own. */
  readonly hookOf: (rung: HookRung) => Hook;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly incident: IncidentTracker;
  readonly registry: GuardPorts['registry'];
  /** Given: the server is a child of this agent. */
  readonly launcher?: ServerLauncher;
  /** Given: the server runs on its own, and is ended when it is ill. */
  readonly neighbour?: NeighbourProcesses;
}

export interface HandsListener {
  /** A process of ours was asked for, the `launch`th; its pid, when it has one. */
  onSpawn(pid: number | undefined, launch: number): void;
  /** The process of an earlier run is ours again. */
  onTakenUp(pid: number | undefined, sentence: string): void;
  /** The server command could not be started even once. */
  onCannotStart(exit: ServerExit): void;
  /** A step of the child, which speaks for the whole server while it is not running. */
  onChildStep(phase: RestartPhase, reason: string, level: LogLevel): void;
  /** A step beside a server that is not ours: one more word about an ill server. */
  onStep(level: LogLevel, reason: string): void;
  /** A hook of the ladder has ended well. */
  onActed(): void;
  /** The server's process was ended, and somebody else starts it again. */
  onGone(): void;
}

export class Hands {
  private readonly child: SupervisedChild | undefined;
  private readonly neighbour: Neighbour | undefined;
  private readonly ladder: Ladder | undefined;
  private readonly outside: AskedRestart;
  private readonly guard: FleetGuard;
  /** Why the server is ill, and what keeps us from doing something about it. */
  private illness: string | undefined;
  private held = '';
  private pid: number | undefined;
  /** Processes so far, one that was taken up included. */
  private launches = 0;
  /** The stop under way is an operator's wish and no fault. */
  private asked = false;

  constructor(
    private readonly config: Pick<ServiceConfig, 'instance' | 'restart' | 'drain' | 'recovery' | 'guard'>,
    private readonly ports: HandsPorts,
    private readonly listener: HandsListener,
  ) {
    const { launcher, neighbour } = ports;
    const { id: instance, service } = config.instance;
    this.guard = new FleetGuard({ service, instance }, config.guard, {
      ...ports,
      onHeld: (reason) => this.onHeld(reason),
      onGranted: () => this.onGranted(),
    });
    const onStep = (level: LogLevel, reason: string): void => listener.onStep(level, reason);
    this.outside = new AskedRestart({ service, instance }, config.recovery, { ...ports, onStep });
    this.child = launcher && this.ownOf(launcher);
    this.neighbour = neighbour && this.besideOf(neighbour);
    this.ladder = config.recovery.ladder.length === 0 ? undefined : this.ladderOf();
  }

  /** Of the child; undefined when the server is not ours. */
  get phase(): RestartPhase | undefined {
    return this.child?.phase;
  }

  /** What is being done about an ill server that is not ours; empty while it is well. */
  get note(): string {
    return [this.ladder?.note ?? this.neighbour?.note ?? '', this.held].filter(Boolean).join('; ');
  }

  /** How often the server has been started again. */
  get restarts(): number {
    return Math.max(0, this.launches - 1);
  }

  /** A ladder brings up what never came up; a child has a time of its own, and a neighbour is left to whoever starts it. */
  get bringsUp(): boolean {
    return this.ladder !== undefined && this.child === undefined;
  }

  /** Something can be done about a server that is ill but runs. */
  get able(): boolean {
    return this.config.restart.onUnhealthy && (this.child ?? this.neighbour ?? this.ladder) !== undefined;
  }

  /** @param left the incident that an earlier run left open */
  start(left?: Incident): void {
    if (left !== undefined) this.ladder?.resume(left);
    this.child?.start();
  }

  /** A probe passed: the process is well, though its recovery may not be proven. */
  answers(): void {
    this.child?.send({ type: 'healthy' });
    this.neighbour?.healthy();
  }

  /** The server may have its calls. */
  recovered(): void {
    this.illness = undefined;
    this.held = '';
    this.ladder?.healthy();
    this.guard.release();
  }

  /** The server is ill, though it may run; said again with every probe. */
  ill(reason: string): void {
    if (!this.config.restart.onUnhealthy) return;
    this.illness = reason;
    if (this.ladder !== undefined) this.ladder.ill(reason);
    else if (this.neighbour !== undefined) this.neighbour.unhealthy(reason);
    else if (this.child?.phase.name === 'running' && this.mayAct()) this.child.send({ type: 'unhealthy', reason });
    else if (this.child?.phase.name === 'idle') this.child.send({ type: 'unhealthy', reason });
  }

  /** It fails, but nobody is accused: nothing is begun. */
  excused(): void {
    this.illness = undefined;
    this.held = '';
    this.guard.release();
    this.child?.send({ type: 'excused' });
  }

  /** An operator says: forget the past. */
  reset(): void {
    this.child?.send({ type: 'reset' });
    this.neighbour?.reset();
    this.ladder?.reset();
  }

  /** An operator wants a new process. @returns why there will be none; undefined when there will */
  restart(reason: string): string | undefined {
    if (this.child === undefined)
      return this.ladder?.acting === true ? 'its ladder is at work on it already' : this.outside.ask(reason);
    const { name } = this.child.phase;
    if (name !== 'running' && name !== 'waiting' && name !== 'given-up')
      return name === 'stopping' ? 'it is being stopped already' : 'there is no server process of this agent';
    this.asked = true;
    this.child.send({ type: 'restart', reason: `an operator asked for it: ${reason}` });
    return undefined;
  }

  /** Passes a signal on to the child; false when there is none. */
  signal(name: NodeJS.Signals): boolean {
    return this.child?.signal(name) ?? false;
  }

  /** Does nothing more about an ill server; a child runs on. Idempotent. */
  rest(): void {
    this.neighbour?.stop();
    this.ladder?.stop();
    this.outside.stop();
    this.guard.release();
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

  /** Asks for a slot when there is none yet; it may be granted later. */
  private mayAct(): boolean {
    if (this.outside.busy) return false;
    const may = this.guard.permit();
    if (may) this.held = '';
    return may;
  }

  private onHeld(reason: string): void {
    this.held = reason;
    this.listener.onStep('warn', reason);
  }

  private onGranted(): void {
    if (this.illness !== undefined) this.ill(this.illness);
  }

  private ladderOf(): Ladder {
    const { restart, recovery, instance } = this.config;
    const { id, service } = instance;
    const startAgain = (reason: string): void => this.child?.send({ type: 'unhealthy', reason });
    return new Ladder(
      { service, instance: id },
      { ...restart, graceMs: recovery.graceMs, rungs: recovery.ladder.map(({ attempts }) => attempts) },
      {
        ...this.ports,
        mayAct: () => this.mayAct(),
        hooks: recovery.ladder.map((rung) =>
          rung.type === 'child' ? childHook(rung, startAgain) : this.ports.hookOf(rung),
        ),
      },
      { onStep: (givenUp, reason) => this.onWord(givenUp, reason), onActed: () => this.listener.onActed() },
    );
  }

  private ownOf(launcher: ServerLauncher): SupervisedChild {
    const { clock, rng } = this.ports;
    return new SupervisedChild(
      this.config.restart,
      { launcher, clock, rng },
      {
        onSpawn: (pid) => {
          this.onProcess(pid);
          this.listener.onSpawn(pid, this.launches);
        },
        onTakenUp: (pid, sentence) => {
          this.onProcess(pid);
          this.take({ kind: 'note', source: 'child', sentence });
          this.listener.onTakenUp(pid, sentence);
        },
        onStep: (phase, reason) => this.onChildStep(phase, reason),
        onExit: (exit) => this.onExit(exit),
      },
    );
  }

  /** What was wrong was wrong with the one before. */
  private onProcess(pid: number | undefined): void {
    this.pid = pid;
    this.launches += 1;
    this.illness = undefined;
  }

  private besideOf(processes: NeighbourProcesses): Neighbour {
    return new Neighbour(
      this.config.restart,
      { processes, clock: this.ports.clock, mayAct: () => this.mayAct() },
      {
        onStep: (phase, reason) => this.onNeighbourStep(phase, reason),
        onGone: () => this.listener.onGone(),
      },
    );
  }

  private onExit(exit: ServerExit): void {
    this.take(exitStep(this.child?.phase, `server ended: ${exit.how}`, this.pid));
    if (exit.spawnError !== undefined && this.launches === 1) this.listener.onCannotStart(exit);
  }

  private onChildStep(phase: RestartPhase, sentence: string): void {
    const known = this.ports.incident.current !== undefined;
    childSteps(phase, sentence, { pid: this.pid, asked: this.asked, known }).forEach((step) => this.take(step));
    if (phase.name === 'given-up') this.guard.release();
    if (phase.name === 'running') this.asked = false;
    this.listener.onChildStep(phase, sentence, loudness(phase));
  }

  private onNeighbourStep(phase: NeighbourPhase, sentence: string): void {
    this.take(neighbourStep(phase, sentence));
    this.onWord(phase.name === 'given-up', sentence);
  }

  private take(step: IncidentEvent | undefined): void {
    if (step !== undefined) this.ports.incident.take(step);
  }

  private onWord(givenUp: boolean, reason: string): void {
    // Others may recover; this one has had its turns.
    if (givenUp) this.guard.release();
    this.listener.onStep(givenUp ? 'error' : 'warn', reason);
  }
}
