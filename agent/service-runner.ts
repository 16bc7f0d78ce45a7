/**
 * One service of the agent: joins its probes, its detector, its child and its membership, and decides what the registry
 * should hear. Services share nothing but the registry, so a hanging one never holds up another.
 */
import type { Plea } from '../core/decide/client-plea';
import type { DesiredInstance, ReconcileAction } from '../core/decide/reconcile';
import type { RestartPhase } from '../core/decide/restart';
import type { Incident } from '../core/domain/incident-record';
import type { Instance } from '../core/domain/instance';
import { sleep } from '../runtime/sleep';
import { Accusation } from './accusation';
import { Dependency } from './dependency';
import { Hands } from './hands';
import { IncidentTracker } from './incident-tracker';
import { judgeHealth } from './judge-health';
import type { Report } from './membership-loop';
import { Observer } from './observer';
import type { LogLevel, ProbeNews, ProbeResult } from './ports';
import { Proof, proofHooks } from './proof';
import { ProbeLoop } from './probe-loop';
import { ProbeTally } from './probe-tally';
import type { Member } from './reconcile-loop';
import type { ServiceConfig } from './service-config';
import type { ServiceFigures, ServicePorts } from './service-ports';
import { Standing } from './standing';

export class ServiceRunner implements Member {
  readonly id: string;
  private readonly probes: ProbeLoop;
  private readonly tally = new ProbeTally();
  private readonly hands: Hands;
  private readonly incident: IncidentTracker;
  private readonly stopper = new AbortController();
  private loops: Promise<unknown> = Promise.resolve();
  private readonly standing: Standing;
  private readonly proof: Proof;
  private readonly observer: Observer;
  private readonly dependency: Dependency | undefined;
  private readonly accusation: Accusation;
  private step = '';
  private current: Pick<Report, 'health' | 'reason'> = { health: 'critical', reason: 'no probe has answered yet' };
  private settled = false;
  private startedMs = 0;

  constructor(
    private readonly config: ServiceConfig,
    owner: string,
    private readonly ports: ServicePorts,
  ) {
    this.id = config.instance.id;
    const identity = { service: config.instance.service, instance: this.id };
    this.incident = new IncidentTracker({ ...identity, agent: owner }, config.restart.stableAfterMs, ports);
    const { incident } = this;
    const { loopWatch, hookOf, dependencyProbe: probe } = ports;
    this.dependency = config.dependency && probe && new Dependency(this.id, config.dependency, { ...ports, probe });
    const warn = (message: string): void => this.log('warn', message);
    this.observer = new Observer(config.probe, { loopWatch, incident, dependency: this.dependency, warn });
    this.standing = new Standing(config, owner, { ...ports, incident }, () => ({
      everPassed: this.observer.everPassed,
      settled: this.settled,
      givenUp: this.hands.phase?.name === 'given-up',
    }));
    this.proof = new Proof(identity, {
      ...{ clock: ports.clock, incident, onEnd: () => this.onProof() },
      ...proofHooks(config.recovery, hookOf),
    });
    // The end of a child is told by the child itself, and a probe that comes before it would accuse a server that is gone.
    const heeds = (news: ProbeNews): boolean => news === 'said' || this.hands.phase === undefined;
    this.probes = new ProbeLoop(ports.probe, config.probe, { ...ports, heeds }, (...seen) => this.onProbe(...seen));
    this.hands = new Hands(
      config,
      { ...ports, incident },
      {
        onSpawn: (pid, launch) => this.onSpawn(pid, launch),
        onTakenUp: (pid, reason) => this.onTakenUp(pid, reason),
        onCannotStart: (exit) => ports.onCannotStart(exit),
        onChildStep: (phase, reason, level) => this.onChildStep(phase, reason, level),
        onStep: (level, reason) => this.onStep(level, reason),
        onActed: () => this.accusation.end(),
        onGone: () => {
          this.accusation.end();
          this.observer.markLost();
          this.probes.hurry();
        },
      },
    );
    this.accusation = new Accusation(config.recovery.clients, {
      ...{ clock: ports.clock, observer: this.observer, incident, able: () => this.hands.able },
      onAccused: (reason) => this.onAccused(reason),
      log: (level, message) => this.log(level, message),
    });
  }

  /** Starts the child, if there is one, and the probes. To be called once. @param left the incident that an earlier run left open */
  start(left?: Incident): void {
    const { signal } = this.stopper;
    if (left !== undefined) this.incident.resume(left);
    if (left?.phase === 'down' || left?.phase === 'given-up') this.observer.inheritIllness();
    if (left !== undefined) this.proof.resume(left, this.hands.phase !== undefined);
    this.startedMs = this.ports.clock.nowMs();
    this.probes.hurry();
    this.hands.start(left);
    const loops = [this.probes, this.standing, this.dependency].map((loop) => loop?.run(signal));
    this.loops = Promise.all([...loops, this.ports.processWatch?.run(signal, () => this.say())]);
  }

  desired(): DesiredInstance {
    return this.standing.desired();
  }

  begin(earlier: Instance | undefined): void {
    this.standing.begin(earlier);
    this.say();
  }

  putRight(action: ReconcileAction): void {
    this.standing.putRight(action);
  }

  /** Passes a signal to the server. SIGHUP also ends "given up" and forgets earlier failures. */
  signal(name: 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2'): void {
    const passed = this.hands.signal(name);
    const what = passed ? 'passed on to the server' : 'received; there is no server process to pass it on to';
    this.log('info', `${name} ${what}`);
    if (name !== 'SIGHUP') return;
    this.hands.reset();
    this.proof.forgive();
  }

  /** An operator wants a new process. @returns why there will be none */
  restart(reason: string): string | undefined {
    return this.hands.restart(reason);
  }

  /** A client finds the server unfit. @returns why nothing is done about it */
  plead(plea: Plea): string | undefined {
    return this.dependency?.excuse ?? this.accusation.hear(plea);
  }

  /** Maintenance, then the server's end or the grace time, then out of the registry. */
  async leave(reason: string): Promise<void> {
    const { clock } = this.ports;
    this.hands.rest();
    this.proof.cancel(false);
    // What an end that was asked for looks like to probes is no fault.
    this.incident.take({ kind: 'abandoned', source: 'agent', sentence: reason });
    this.incident.stop();
    await this.standing.leave(reason);
    if (!(await this.hands.drain()) && this.standing.registered)
      await sleep(clock, this.config.drain.graceMs, this.stopper.signal);
    this.stopper.abort();
    await this.loops;
    if (await this.standing.deregister()) this.log('info', 'left the registry');
    else this.log('warn', 'could not leave the registry; its entry turns critical by its TTL and is removed later');
  }

  /** Ends everything at once: the server is killed, the registry is not told. */
  kill(): void {
    this.hands.kill();
    this.proof.cancel(false);
    this.incident.stop();
    this.stopper.abort();
  }

  figures(): ServiceFigures {
    return {
      ...{ service: this.config.instance.service, id: this.id, incident: this.incident.current },
      ...this.current,
      ...this.tally.figures(),
      ...{ registered: this.standing.registered, restarts: this.hands.restarts },
      process: this.ports.processWatch?.figures,
    };
  }

  private onProbe(result: ProbeResult, startedMs: number, tookMs: number): void {
    this.tally.take(result, this.ports.clock.nowMs());
    if (!this.probeCounts(result.outcome === 'pass')) return;
    const seen = this.observer.take(result, startedMs, tookMs);
    if (seen === undefined && this.observer.excuse !== undefined) this.onExcused();
    if (seen === undefined) return;
    this.settled = true;
    if (this.isOverdue()) this.observer.giveUpWaiting(this.config.restart.startTimeoutMs);
    const { verdict } = this.observer;
    if (seen.turnedUp) this.onUp(seen.back);
    else if (verdict === 'up' && !this.proof.passed) this.proof.begin();
    if (verdict === 'down') this.proof.cancel(false);
    this.say();
    if (verdict === 'up') this.hands.answers();
    this.judgeRecovery();
  }

  /** The server is up and proven, up and not fit, or down; while a proof runs nobody does anything. */
  private judgeRecovery(): void {
    const { verdict, reason } = this.observer;
    const illness = verdict === 'down' ? reason : this.proof.failure;
    if (verdict === 'up' && this.proof.passed) this.hands.recovered();
    else if (illness !== undefined && this.dependency?.excuse !== undefined) this.hands.excused();
    else if (illness !== undefined && verdict !== 'unknown') this.hands.ill(illness);
  }

  /** What all servers share is to blame: the time of a server that has still to come up begins anew. */
  private onExcused(): void {
    this.settled = true;
    this.startedMs = this.ports.clock.nowMs();
    this.hands.excused();
    this.say();
  }

  private onProof(): void {
    this.noteProof();
    this.say();
    this.judgeRecovery();
  }

  private noteProof(): void {
    if (this.proof.passed) this.incident.take({ kind: 'verified', source: 'probe', sentence: this.observer.reason });
  }

  private onAccused(reason: string): void {
    this.proof.cancel(false);
    this.say();
    this.hands.ill(reason);
  }

  private isOverdue(): boolean {
    const waitedMs = this.ports.clock.nowMs() - this.startedMs;
    return this.hands.bringsUp && this.observer.verdict === 'unknown' && waitedMs >= this.config.restart.startTimeoutMs;
  }

  private onUp(back: boolean): void {
    if (this.hands.phase === undefined && back) {
      this.standing.newEpoch();
      this.proof.cancel(true);
    }
    this.probes.calm();
    this.proof.begin();
    this.noteProof();
  }

  /** A probe says something about the server only while there is one: what else answers on its port is not it. */
  private probeCounts(ok: boolean): boolean {
    if (this.hands.phase?.name === 'given-up' && ok) this.hands.answers();
    if (ok && this.accusation.stands) {
      this.hands.ill(this.observer.reason);
      return false;
    }
    const { phase } = this.hands;
    return phase === undefined || phase.name === 'running' || phase.name === 'idle';
  }

  private onSpawn(pid: number | undefined, launch: number): void {
    this.accusation.end();
    if (launch > 1) this.standing.newEpoch();
    this.observer.forget();
    this.proof.cancel(true);
    this.probes.hurry();
    if (pid !== undefined)
      this.log('info', `server process ${pid} started`, { pid, epoch: this.standing.instance.epoch });
  }

  private onTakenUp(pid: number | undefined, reason: string): void {
    this.step = reason;
    this.log('info', reason, pid === undefined ? {} : { pid });
  }

  private onChildStep(phase: RestartPhase, reason: string, level: LogLevel): void {
    const draining = phase.name === 'ended' || (phase.name === 'stopping' && phase.final);
    this.log(level, reason, { child: phase.name });
    // While it drains the entry is in maintenance: the server still answers, and no worse news helps anybody.
    if (draining) return;
    this.step = reason;
    this.settled = true;
    if (phase.name === 'idle') this.observer.forget();
    this.say();
    if (phase.name === 'given-up') this.standing.tellAgain();
  }

  private onStep(level: LogLevel, reason: string): void {
    this.log(level, reason);
    this.say();
    // Critical before and critical now, but these words must be seen.
    if (level === 'error') this.standing.tellAgain();
  }

  private say(): void {
    const worries = [this.observer.worry, this.ports.processWatch?.warning];
    const next = judgeHealth(this.step, this.observer, this.proof, this.hands, this.dependency, worries);
    if (next.health !== this.current.health) {
      const level = next.health === 'passing' ? 'info' : 'warn';
      this.log(level, `${this.current.health} -> ${next.health}: ${next.reason}`, { health: next.health });
    }
    this.current = next;
    this.standing.say(next);
  }

  private log(level: LogLevel, message: string, fields: Record<string, string | number | boolean> = {}): void {
    this.ports.log.write(level, `${this.id}: ${message}`, { instance: this.id, ...fields });
  }
}
