/**
 * Carries out what core/decide/restart decides: holds the one server process, its one timer, and tells its listener of
 * every step. It starts nothing by itself, and never holds two processes.
 */
import {
  nextRestart,
  RESTART_INITIAL,
  type RestartEffect,
  type RestartEvent,
  type RestartPhase,
  type RestartPolicy,
  type RestartState,
} from '../core/decide/restart';
import type { Clock, Rng } from '../core/time/clock';
import type { ServerExit, ServerLauncher, ServerProcess } from './ports';

export interface ChildPorts {
  readonly launcher: ServerLauncher;
  readonly clock: Clock;
  readonly rng: Rng;
}

export interface ChildListener {
  /** A process was asked for; its pid, when it has one. */
  onSpawn(pid: number | undefined): void;
  /** The process of an earlier run is ours again. */
  onTakenUp(pid: number | undefined, reason: string): void;
  /** Every decision, after it was carried out. */
  onStep(phase: RestartPhase, reason: string): void;
  onExit(exit: ServerExit): void;
}

export class SupervisedChild {
  private state: RestartState = RESTART_INITIAL;
  private process: ServerProcess | undefined;
  private cancelWake: (() => void) | undefined;
  private onEnd: (() => void)[] = [];

  constructor(
    private readonly policy: RestartPolicy,
    private readonly ports: ChildPorts,
    private readonly listener: ChildListener,
  ) {}

  get phase(): RestartPhase {
    return this.state.phase;
  }

  /** Takes up the server that an earlier run left, or starts one. */
  start(): void {
    this.process = this.ports.launcher.takeUp?.((exit) => this.onExit(exit));
    this.step({ type: this.process === undefined ? 'start' : 'taken-up' });
  }

  /** Takes an event in: what a probe found, what an operator wants. */
  send(event: Exclude<RestartEvent, { type: 'start' | 'taken-up' | 'exited' | 'wake' | 'drain' }>): void {
    this.step(event);
  }

  /** Passes a signal on to the server; false when there is none. */
  signal(name: NodeJS.Signals): boolean {
    return this.process?.signal(name) ?? false;
  }

  /** Ends the server for good: SIGTERM, and SIGKILL after `timeoutMs`. Resolves when it is gone, at the latest 1 s after that. */
  async drain(timeoutMs: number): Promise<void> {
    const ended = new Promise<void>((resolve) => this.onEnd.push(resolve));
    this.step({ type: 'drain', timeoutMs });
    if (this.state.phase.name === 'ended') this.finish();
    // A process that even SIGKILL does not end hangs in the kernel; nobody can wait for it.
    const cancel = this.ports.clock.after(timeoutMs + 1000, () => this.finish());
    await ended;
    cancel();
  }

  /** Kills the server at once and forgets it. Idempotent. */
  kill(): void {
    this.step({ type: 'drain', timeoutMs: 0 });
    this.process?.signal('SIGKILL');
    this.finish();
  }

  private step(event: RestartEvent): void {
    const { clock, rng } = this.ports;
    const { state, effects, reason } = nextRestart(this.state, event, this.policy, clock.nowMs(), rng);
    this.state = state;
    for (const effect of effects) this.carryOut(effect);
    if (event.type === 'taken-up') this.listener.onTakenUp(this.process?.pid, reason);
    else if (reason !== '') this.listener.onStep(state.phase, reason);
    if (state.phase.name === 'ended') this.finish();
  }

  private carryOut(effect: RestartEffect): void {
    const { clock, launcher } = this.ports;
    switch (effect.type) {
      case 'spawn':
        this.process = launcher.launch((exit) => this.onExit(exit));
        this.listener.onSpawn(this.process.pid);
        return;
      case 'signal':
        this.process?.signal(effect.signal);
        return;
      case 'wake-at':
        this.cancelWake?.();
        this.cancelWake = clock.after(Math.max(0, effect.atMs - clock.nowMs()), () => this.step({ type: 'wake' }));
    }
  }

  private onExit(exit: ServerExit): void {
    this.process = undefined;
    this.cancelWake?.();
    this.listener.onExit(exit);
    this.step({ type: 'exited', how: exit.how });
  }

  private finish(): void {
    this.cancelWake?.();
    this.onEnd.splice(0).forEach((resolve) => resolve());
  }
}
