/**
 * One service of the agent: joins its probes, its detector, its child and its membership, and decides what the registry
 * should hear. Services share nothing but the registry, so a hanging one never holds up another.
 */
import type { DesiredInstance, ReconcileAction } from '../core/decide/reconcile';
import type { RestartPhase } from '../core/decide/restart';
import { isServing, type BeatHealth } from '../core/domain/health';
import type { Incident } from '../core/domain/incident-record';
import type { Instance } from '../core/domain/instance';
import { sleep } from '../runtime/sleep';
import { Hands } from './hands';
import { IncidentTracker } from './incident-tracker';
import type { LoopWatch } from './loop-watch';
import { MembershipLoop, type MembershipPorts, type Report } from './membership-loop';
import { Observer } from './observer';
import type { Journal, LogLevel, NeighbourProcesses, Probe, ProbeResult, ServerExit, ServerLauncher } from './ports';
import { ProbeLoop } from './probe-loop';
import type { Member } from './reconcile-loop';
import type { ServiceConfig } from './service-config';

export interface ServicePorts extends MembershipPorts {
  readonly probe: Probe;
  readonly loopWatch: LoopWatch;
  readonly journal: Journal;
  /** Given: the server is a child of this agent. */
  readonly launcher?: ServerLauncher;
  /** Given: the server runs on its own, and is ended when it is ill. */
  readonly neighbour?: NeighbourProcesses;
  /** The server command could not be started even once. */
  readonly onCannotStart: (exit: ServerExit) => void;
}

export interface ServiceFigures {
  readonly id: string;
  readonly health: BeatHealth;
  readonly reason: string;
  readonly registered: boolean;
  readonly probes: number;
  readonly failures: number;
  readonly restarts: number;
}

const MAINTENANCE_LIMIT_MS = 1000;
const DEREGISTER_LIMIT_MS = 3000;

export class ServiceRunner implements Member {
  readonly id: string;
  private readonly membership: MembershipLoop;
  private readonly probes: ProbeLoop;
  private readonly hands: Hands;
  private readonly incident: IncidentTracker;
  private readonly stopper = new AbortController();
  private loops: Promise<unknown> = Promise.resolve();
  private instance: Instance;
  private readonly observer: Observer;
  private step = '';
  private current: Pick<Report, 'health' | 'reason'> = { health: 'critical', reason: 'no probe has answered yet' };
  private begun = false;
  private foundEarlier = false;
  private settled = false;
  private announced = false;
  private troubleIn: string | undefined;
  private launches = 0;
  private probeCount = 0;
  private failureCount = 0;

  constructor(
    private readonly config: ServiceConfig,
    owner: string,
    private readonly ports: ServicePorts,
  ) {
    this.id = config.instance.id;
    this.instance = { ...config.instance, owner, epoch: ports.clock.unixMs() };
    const { service } = config.instance;
    this.incident = new IncidentTracker(
      { service, instance: this.id, agent: owner },
      config.restart.stableAfterMs,
      ports,
    );
    this.observer = new Observer(config.probe, {
      loopWatch: ports.loopWatch,
      incident: this.incident,
      warn: (message) => this.log('warn', message),
    });
    this.membership = new MembershipLoop(this.id, config.membership, ports, {
      onTold: (report) => this.onTold(report),
      onTrouble: (sentence) => this.onTrouble(sentence),
    });
    this.probes = new ProbeLoop(ports.probe, config.probe, ports.clock, (result, startedMs) =>
      this.onProbe(result, startedMs),
    );
    this.hands = new Hands(
      config,
      { ...ports, incident: this.incident },
      {
        onSpawn: (pid) => this.onSpawn(pid),
        onExit: (exit) => this.onExit(exit),
        onChildStep: (phase, reason) => this.onChildStep(phase, reason),
        onStep: (level, reason) => {
          this.log(level, reason);
          this.say();
        },
        onGone: () => {
          this.observer.markLost();
          this.probes.hurry();
        },
      },
    );
  }

  /**
   * Starts the child, if there is one, and the probes. Idempotence is the caller's: call it once.
   * @param left the incident of this instance that an earlier run left open
   */
  start(left?: Incident): void {
    const { signal } = this.stopper;
    if (left !== undefined) this.incident.resume(left);
    this.probes.hurry();
    this.hands.start();
    this.loops = Promise.all([this.probes.run(signal), this.membership.run(signal)]);
  }

  desired(): DesiredInstance {
    return { instance: this.instance, wanted: this.mayRegister() };
  }

  begin(earlier: Instance | undefined): void {
    this.begun = true;
    this.foundEarlier = earlier !== undefined;
    if (this.foundEarlier) this.membership.inherit();
    if (earlier !== undefined && earlier.epoch >= this.instance.epoch) {
      // The wall clock went back since then; an epoch never does.
      this.instance = { ...this.instance, epoch: earlier.epoch + 1 };
    }
    this.say();
  }

  putRight(action: ReconcileAction): void {
    if (action.type === 'yield') this.membership.yield();
    else if (this.mayRegister()) this.membership.registerAgain();
  }

  /** Passes a signal to the server. SIGHUP also ends "given up" and forgets earlier failures. */
  signal(name: 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2'): void {
    const passed = this.hands.signal(name);
    this.log(
      'info',
      `${name} ${passed ? 'passed on to the server' : 'received; there is no server process to pass it on to'}`,
    );
    if (name !== 'SIGHUP') return;
    this.hands.reset();
  }

  /** Maintenance, then the server's end or the grace time, then out of the registry. */
  async leave(reason: string): Promise<void> {
    const { clock } = this.ports;
    this.hands.rest();
    // What an end that was asked for looks like to probes is no fault.
    this.incident.take({ kind: 'abandoned', source: 'agent', sentence: reason });
    this.incident.stop();
    await this.membership.leave(reason, MAINTENANCE_LIMIT_MS);
    if (!(await this.hands.drain()) && this.membership.registered)
      await sleep(clock, this.config.drain.graceMs, this.stopper.signal);
    this.stopper.abort();
    await this.loops;
    if (await this.membership.deregister(DEREGISTER_LIMIT_MS)) this.log('info', 'left the registry');
    else this.log('warn', 'could not leave the registry; its entry turns critical by its TTL and is removed later');
  }

  /** Ends everything at once: the server is killed, the registry is not told. */
  kill(): void {
    this.hands.kill();
    this.incident.stop();
    this.stopper.abort();
  }

  figures(): ServiceFigures {
    return {
      id: this.id,
      ...this.current,
      registered: this.membership.registered,
      probes: this.probeCount,
      failures: this.failureCount,
      restarts: Math.max(0, this.launches - 1),
    };
  }

  private onProbe(result: ProbeResult, startedMs: number): void {
    const ok = result.outcome === 'pass';
    this.probeCount += 1;
    if (!ok) this.failureCount += 1;
    const seen = this.probeCounts(ok) ? this.observer.take(result, startedMs) : undefined;
    if (seen === undefined) return;
    this.settled = true;
    if (seen.turnedUp) this.onUp(seen.back);
    this.say();
    if (seen.verdict === 'up') this.hands.healthy();
    if (seen.verdict === 'down') this.hands.ill(this.observer.reason);
  }

  private onTold({ health, reason }: Report): void {
    if (isServing(health))
      this.incident.take({ kind: 'rejoined', source: 'registry', sentence: `told ${health}: ${reason}` });
  }

  /** Once an incident: an outage of the registry repeats itself all the time. */
  private onTrouble(sentence: string): void {
    const { current } = this.incident;
    if (current === undefined || current === this.troubleIn) return;
    this.troubleIn = current;
    this.incident.take({ kind: 'note', source: 'registry', sentence });
  }

  private onUp(back: boolean): void {
    this.incident.take({ kind: 'verified', source: 'probe', sentence: this.observer.reason });
    if (this.hands.phase === undefined && back) this.newEpoch();
    this.probes.calm();
  }

  /** A probe says something about the server only while there is one: what else answers on its port is not it. */
  private probeCounts(ok: boolean): boolean {
    if (this.hands.phase?.name === 'given-up' && ok) this.hands.healthy();
    const { phase } = this.hands;
    return phase === undefined || phase.name === 'running' || phase.name === 'idle';
  }

  private onSpawn(pid: number | undefined): void {
    this.launches += 1;
    if (this.launches > 1) this.newEpoch();
    this.observer.forget();
    this.probes.hurry();
    if (pid !== undefined) this.log('info', `server process ${pid} started`, { pid, epoch: this.instance.epoch });
  }

  private onChildStep(phase: RestartPhase, reason: string): void {
    const draining = phase.name === 'ended' || (phase.name === 'stopping' && phase.final);
    this.log(loudness(phase), reason, { child: phase.name });
    // While it drains the entry is in maintenance: the server still answers, and no worse news helps anybody.
    if (draining) return;
    this.step = reason;
    this.settled = true;
    if (phase.name === 'idle') this.observer.forget();
    this.say();
    // Critical before and critical now: a beat that changes the words alone reaches Consul's catalog minutes later.
    if (phase.name === 'given-up' && this.mayRegister()) this.membership.registerAgain();
  }

  private onExit(exit: ServerExit): void {
    if (exit.spawnError !== undefined && this.launches === 1) this.ports.onCannotStart(exit);
  }

  private newEpoch(): void {
    const epoch = Math.max(this.ports.clock.unixMs(), this.instance.epoch + 1);
    this.instance = { ...this.instance, epoch };
  }

  /** Once in the registry, always there: an illness later on is news, not a reason to vanish. */
  private mayRegister(): boolean {
    if (!this.begun) return false;
    const settledEarlier = this.foundEarlier && this.settled;
    const givenUp = this.hands.phase?.name === 'given-up';
    this.announced ||= this.config.register === 'at-once' || this.observer.everPassed || settledEarlier || givenUp;
    return this.announced;
  }

  private say(): void {
    const next = this.judge();
    if (next.health !== this.current.health) {
      const level = next.health === 'passing' ? 'info' : 'warn';
      this.log(level, `${this.current.health} -> ${next.health}: ${next.reason}`, { health: next.health });
    }
    this.current = next;
    if (this.mayRegister()) this.membership.set({ instance: this.instance, ...next });
  }

  private judge(): Pick<Report, 'health' | 'reason'> {
    const phase = this.hands.phase?.name;
    if (phase !== undefined && phase !== 'running' && phase !== 'idle')
      return { health: 'critical', reason: this.step };
    const starting = phase === 'running' && this.observer.verdict === 'unknown';
    const { health } = this.observer;
    const note = health === 'critical' ? this.hands.note : undefined;
    return { health, reason: [starting && this.step, this.observer.reason, note].filter(Boolean).join('; ') };
  }

  private log(level: LogLevel, message: string, fields: Record<string, string | number | boolean> = {}): void {
    this.ports.log.write(level, `${this.id}: ${message}`, { instance: this.id, ...fields });
  }
}

function loudness(phase: RestartPhase): 'info' | 'warn' | 'error' {
  if (phase.name === 'given-up') return 'error';
  const trouble = phase.name === 'waiting' || (phase.name === 'stopping' && !phase.final);
  return trouble ? 'warn' : 'info';
}
