/**
 * Carries out what core/decide/neighbour decides for a server that this agent did not start: looks for its process only
 * when it must, signals it, and follows its end. It starts nothing, and leaves the server alone when the agent ends.
 */
import {
  NEIGHBOUR_INITIAL,
  nextNeighbour,
  type NeighbourEffect,
  type NeighbourEvent,
  type NeighbourPhase,
  type NeighbourState,
  type Sighting,
} from '../core/decide/neighbour';
import type { RestartPolicy } from '../core/decide/restart';
import type { Clock } from '../core/time/clock';
import type { NeighbourProcess, NeighbourProcesses } from './ports';

export interface NeighbourPorts {
  readonly processes: NeighbourProcesses;
  readonly clock: Clock;
  /** Whether a server may be ended now; when not, the next failing probe asks again. */
  readonly mayAct: () => boolean;
}

export interface NeighbourListener {
  /** Every decision, after it was carried out; the same words once. */
  onStep(phase: NeighbourPhase, reason: string): void;
  /** The process that was told to end is gone. */
  onGone(): void;
}

/** How often a process that was told to end is looked for. */
const FOLLOW_MS = 100;

interface Known {
  readonly process: NeighbourProcess;
  readonly sinceMs: number;
  readonly proven: boolean;
}

export class Neighbour {
  private state: NeighbourState = NEIGHBOUR_INITIAL;
  private known: Known | undefined;
  private target: NeighbourProcess | undefined;
  private said = '';
  private stopped = false;
  private cancelWake: (() => void) | undefined;
  private cancelFollow: (() => void) | undefined;

  constructor(
    private readonly policy: RestartPolicy,
    private readonly ports: NeighbourPorts,
    private readonly listener: NeighbourListener,
  ) {}

  /** What is being done about an ill server; empty while it is well. */
  get note(): string {
    return this.said;
  }

  /** A probe says that the server is well. */
  healthy(): void {
    if (this.stopped) return;
    this.sight(true);
    this.step({ type: 'healthy' });
    if (this.state.phase.name === 'watching') this.said = '';
  }

  /** The probes say that the server is ill. */
  unhealthy(reason: string): void {
    if (this.stopped) return;
    const sighting = this.sight(false);
    const { phase } = this.state;
    // Asked only where there is somebody to end: a slot that nobody uses would keep others from their recovery.
    const waits = phase.name === 'watching' && sighting.count === 1 && !this.ports.mayAct();
    if (!waits) this.step({ type: 'unhealthy', reason, sighting });
  }

  /** An operator says: forget the past. */
  reset(): void {
    this.step({ type: 'reset' });
  }

  /** Looks and signals no more; idempotent. */
  stop(): void {
    this.stopped = true;
    this.cancelWake?.();
    this.cancelFollow?.();
  }

  private sight(passed: boolean): Sighting {
    const nowMs = this.ports.clock.nowMs();
    const found = this.look(passed);
    const [process] = found;
    if (process === undefined || found.length > 1) {
      this.known = undefined;
      return { count: found.length, proven: false, knownForMs: 0 };
    }
    const before = this.known?.process.startedAt === process.startedAt ? this.known : undefined;
    const { sinceMs = nowMs, proven = false } = before ?? {};
    this.known = { process, sinceMs, proven: proven || passed };
    return { count: 1, proven: proven || passed, knownForMs: nowMs - sinceMs };
  }

  /** While the server is well one look at the known process is enough; a search goes through all of them. */
  private look(passed: boolean): readonly NeighbourProcess[] {
    const { processes } = this.ports;
    const { process } = this.known ?? {};
    return passed && process !== undefined && processes.isAlive(process) ? [process] : processes.find();
  }

  private step(event: NeighbourEvent): void {
    const { state, effects, reason } = nextNeighbour(this.state, event, this.policy, this.ports.clock.nowMs());
    this.state = state;
    if (reason !== '' && reason !== this.said) {
      this.said = reason;
      this.listener.onStep(state.phase, reason);
    }
    for (const effect of effects) this.carryOut(effect);
  }

  private carryOut(effect: NeighbourEffect): void {
    const { clock, processes } = this.ports;
    if (effect.type === 'wake-at') {
      this.cancelWake?.();
      this.cancelWake = clock.after(Math.max(0, effect.atMs - clock.nowMs()), () => this.step({ type: 'wake' }));
      return;
    }
    // SIGKILL goes where SIGTERM went: by then another process may look like the server.
    if (effect.signal === 'SIGTERM') this.target = this.known?.process;
    if (this.target === undefined) return;
    const refusal = processes.signal(this.target, effect.signal);
    if (refusal === undefined) this.follow(this.target);
    else this.step({ type: 'refused', why: refusal });
  }

  private follow(process: NeighbourProcess): void {
    this.cancelFollow?.();
    this.cancelFollow = this.ports.clock.after(FOLLOW_MS, () => {
      if (this.ports.processes.isAlive(process)) {
        this.follow(process);
        return;
      }
      this.cancelWake?.();
      this.known = undefined;
      this.step({ type: 'gone' });
      this.listener.onGone();
    });
  }
}
