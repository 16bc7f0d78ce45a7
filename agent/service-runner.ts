/**
 * One service of the agent: joins its probes, its detector, its child and its membership, and decides what the registry
 * should hear. Services share nothing but the registry, so a hanging one never holds up another.
 */
import { healthOf, NOTHING_SEEN, observe, type NOfMState } from '../core/detect/n-of-m';
import type { DesiredInstance, ReconcileAction } from '../core/decide/reconcile';
import type { RestartPhase } from '../core/decide/restart';
import type { BeatHealth } from '../core/domain/health';
import type { Instance } from '../core/domain/instance';
import { sleep } from '../runtime/sleep';
import type { LoopWatch } from './loop-watch';
import { MembershipLoop, type MembershipPorts, type Report } from './membership-loop';
import { Neighbour, type NeighbourListener } from './neighbour';
import type { NeighbourProcesses, Probe, ProbeResult, ServerExit, ServerLauncher } from './ports';
import { ProbeLoop } from './probe-loop';
import type { Member } from './reconcile-loop';
import type { ServiceConfig } from './service-config';
import { SupervisedChild } from './supervised-child';

export interface ServicePorts extends MembershipPorts {
  readonly probe: Probe;
  readonly loopWatch: LoopWatch;
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
  private readonly child: SupervisedChild | undefined;
  private readonly neighbour: Neighbour | undefined;
  private readonly stopper = new AbortController();
  private loops: Promise<unknown> = Promise.resolve();
  private instance: Instance;
  private detector: NOfMState = NOTHING_SEEN;
  private seen = 'no probe has answered yet';
  private step = '';
  private current: Pick<Report, 'health' | 'reason'> = { health: 'critical', reason: this.seen };
  private begun = false;
  private foundEarlier = false;
  private settled = false;
  private everPassed = false;
  private announced = false;
  private connectionLost = false;
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
    this.membership = new MembershipLoop(this.id, config.membership, ports);
    this.probes = new ProbeLoop(ports.probe, config.probe, ports.clock, (result, startedMs) =>
      this.onProbe(result, startedMs),
    );
    const { launcher, neighbour } = ports;
    this.neighbour = neighbour && this.besideOf(neighbour);
    if (launcher === undefined) return;
    this.child = new SupervisedChild(
      config.restart,
      { launcher, clock: ports.clock, rng: ports.rng },
      {
        onSpawn: (pid) => this.onSpawn(pid),
        onStep: (phase, reason) => this.onStep(phase, reason),
        onExit: (exit) => this.onExit(exit),
      },
    );
  }

  /** Starts the child, if there is one, and the probes. Idempotence is the caller's: call it once. */
  start(): void {
    const { signal } = this.stopper;
    this.probes.hurry();
    this.child?.send({ type: 'start' });
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
    const passed = this.child?.signal(name) ?? false;
    this.log(
      'info',
      `${name} ${passed ? 'passed on to the server' : 'received; there is no server process to pass it on to'}`,
    );
    if (name !== 'SIGHUP') return;
    this.child?.send({ type: 'reset' });
    this.neighbour?.reset();
  }

  /** Maintenance, then the server's end or the grace time, then out of the registry. */
  async leave(reason: string): Promise<void> {
    const { clock } = this.ports;
    this.neighbour?.stop();
    await this.membership.leave(reason, MAINTENANCE_LIMIT_MS);
    if (this.child !== undefined) await this.child.drain(this.config.drain.timeoutMs);
    else if (this.membership.registered) await sleep(clock, this.config.drain.graceMs, this.stopper.signal);
    this.stopper.abort();
    await this.loops;
    if (await this.membership.deregister(DEREGISTER_LIMIT_MS)) this.log('info', 'left the registry');
    else this.log('warn', 'could not leave the registry; its entry turns critical by its TTL and is removed later');
  }

  /** Ends everything at once: the server is killed, the registry is not told. */
  kill(): void {
    this.child?.kill();
    this.neighbour?.stop();
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
    if (!this.probeCounts(ok) || this.isDoubtful(result, startedMs)) return;
    this.connectionLost ||= result.outcome === 'refused';
    const { state, changed, reason } = observe(this.detector, ok, result.reason, this.config.probe.detector);
    this.detector = state;
    this.seen = reason;
    this.settled = true;
    if (changed && state.verdict === 'up') this.onUp();
    this.say();
    if (state.verdict === 'up') this.child?.send({ type: 'healthy' });
    if (state.verdict === 'down') this.child?.send({ type: 'unhealthy', reason });
    this.tellNeighbour(state.verdict, reason);
  }

  private tellNeighbour(verdict: NOfMState['verdict'], reason: string): void {
    if (verdict === 'up') this.neighbour?.healthy();
    if (verdict === 'down') this.neighbour?.unhealthy(reason);
  }

  private besideOf(processes: NeighbourProcesses): Neighbour {
    const onStep: NeighbourListener['onStep'] = ({ name }, reason) => {
      this.log(name === 'given-up' ? 'error' : 'warn', reason, { neighbour: name });
      this.say();
    };
    const onGone = (): void => {
      this.connectionLost = true;
      this.probes.hurry();
    };
    return new Neighbour(this.config.restart, { processes, clock: this.ports.clock }, { onStep, onGone });
  }

  private onUp(): void {
    // A server that nobody could reach and that is back is a new process, whoever started it.
    if (this.child === undefined && this.everPassed && this.connectionLost) this.newEpoch();
    this.connectionLost = false;
    this.everPassed = true;
    this.probes.calm();
  }

  private isDoubtful({ outcome, reason }: ProbeResult, startedMs: number): boolean {
    if (outcome !== 'silent') return false;
    const doubt = this.ports.loopWatch.doubtSince(startedMs, this.config.probe.timeoutMs / 2);
    if (doubt.doubtful) this.log('warn', `a failed probe does not count, because ${doubt.reason}: ${reason}`);
    return doubt.doubtful;
  }

  /** A probe says something about the server only while there is one: what else answers on its port is not it. */
  private probeCounts(ok: boolean): boolean {
    if (this.child === undefined) return true;
    if (this.child.phase.name === 'given-up' && ok) this.child.send({ type: 'healthy' });
    const { name } = this.child.phase;
    return name === 'running' || name === 'idle';
  }

  private onSpawn(pid: number | undefined): void {
    this.launches += 1;
    if (this.launches > 1) this.newEpoch();
    this.detector = NOTHING_SEEN;
    this.seen = 'no probe has answered yet';
    this.probes.hurry();
    if (pid !== undefined) this.log('info', `server process ${pid} started`, { pid, epoch: this.instance.epoch });
  }

  private onStep(phase: RestartPhase, reason: string): void {
    const draining = phase.name === 'ended' || (phase.name === 'stopping' && phase.final);
    this.log(loudness(phase), reason, { child: phase.name });
    // While it drains the entry is in maintenance: the server still answers, and no worse news helps anybody.
    if (draining) return;
    this.step = reason;
    this.settled = true;
    if (phase.name === 'idle') this.detector = NOTHING_SEEN;
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
    const givenUp = this.child?.phase.name === 'given-up';
    this.announced ||= this.config.register === 'at-once' || this.everPassed || settledEarlier || givenUp;
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
    const phase = this.child?.phase.name;
    if (phase !== undefined && phase !== 'running' && phase !== 'idle')
      return { health: 'critical', reason: this.step };
    const starting = phase === 'running' && this.detector.verdict === 'unknown';
    const health = healthOf(this.detector);
    const note = health === 'critical' ? this.neighbour?.note : undefined;
    return { health, reason: [starting && this.step, this.seen, note].filter(Boolean).join('; ') };
  }

  private log(
    level: 'info' | 'warn' | 'error',
    message: string,
    fields: Record<string, string | number | boolean> = {},
  ): void {
    this.ports.log.write(level, `${this.id}: ${message}`, { instance: this.id, ...fields });
  }
}

function loudness(phase: RestartPhase): 'info' | 'warn' | 'error' {
  if (phase.name === 'given-up') return 'error';
  const trouble = phase.name === 'waiting' || (phase.name === 'stopping' && !phase.final);
  return trouble ? 'warn' : 'info';
}
