/**
 * The agent as a whole: starts its services, waits for the end, and leaves in order. It decides only in which order things
 * begin and end.
 */
import type { Incident } from '../core/domain/incident-record';
import type { Clock } from '../core/time/clock';
import type { AgentEntry } from './admin/agent-entry';
import type { LoopWatch } from './loop-watch';
import type { Log } from './ports';
import type { ReconcileLoop } from './reconcile-loop';
import type { ServiceRunner } from './service-runner';

/** What an agent does for a whole service, and not for its own server: it guards the others, it drills. */
export interface Duty {
  /** Runs until `signal` aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export interface AgentParts {
  readonly services: readonly ServiceRunner[];
  /** Incidents of earlier runs that are still open. */
  readonly left: readonly Incident[];
  /** The agent's own entry in the registry, when it has one. */
  readonly entry: AgentEntry | undefined;
  readonly reconciler: ReconcileLoop;
  readonly duties: readonly Duty[];
  readonly loopWatch: LoopWatch;
  readonly clock: Clock;
  readonly log: Log;
}

export class Agent {
  private readonly stopper = new AbortController();
  private requestEnd: (code: number) => void = () => undefined;
  private readonly endRequested = new Promise<number>((resolve) => (this.requestEnd = resolve));
  private endNow: (code: number) => void = () => undefined;
  private readonly endedAtOnce = new Promise<number>((resolve) => (this.endNow = resolve));
  private startedMs = 0;
  private reason = '';

  constructor(private readonly parts: AgentParts) {}

  /** Runs until `stop`, then leaves the registry and ends the servers. Resolves with the exit code; never rejects. */
  async run(): Promise<number> {
    const { services, left, entry, reconciler, loopWatch, clock } = this.parts;
    this.startedMs = clock.nowMs();
    loopWatch.start();
    for (const service of services) service.start(left.find(({ instance }) => instance === service.id));
    entry?.start();
    const reconciling = reconciler.run(this.stopper.signal);
    const serving = this.parts.duties.map((duty) => duty.run(this.stopper.signal));
    const orderly = this.endRequested.then(async (code) => {
      // Nobody compares while everybody leaves: it would put back what was just taken out.
      this.stopper.abort();
      await Promise.all([
        reconciling,
        ...serving,
        entry?.leave(),
        ...services.map((service) => service.leave(this.reason)),
      ]);
      return code;
    });
    const code = await Promise.race([orderly, this.endedAtOnce]);
    this.stopper.abort();
    entry?.stop();
    for (const service of services) service.kill();
    loopWatch.stop();
    return code;
  }

  /** The first call starts an orderly end; the second ends everything at once. Idempotent beyond that. */
  stop(reason: string, code: number, atOnceCode: number): void {
    if (this.reason === '') {
      this.reason = reason;
      this.parts.log.write('info', `${reason}; a second signal ends it at once`);
      this.requestEnd(code);
      return;
    }
    this.parts.log.write('warn', 'ending at once: servers are killed, the registry is not told');
    this.endNow(atOnceCode);
  }

  get services(): readonly ServiceRunner[] {
    return this.parts.services;
  }

  /** Id of an open incident of a server of this service. */
  incidentOf(service: string): string | undefined {
    const figures = this.parts.services.map((one) => one.figures());
    return figures.find((one) => one.service === service && one.incident !== undefined)?.incident;
  }

  /** Passes a signal on to every server. */
  signal(name: 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2'): void {
    for (const service of this.parts.services) service.signal(name);
  }

  /** One line per service, for the schedule. */
  logSummary(): void {
    const { services, clock, log } = this.parts;
    const uptimeS = Math.round((clock.nowMs() - this.startedMs) / 1000);
    for (const service of services) {
      const { id, health, reason, registered, probes, failures, restarts } = service.figures();
      const place = registered ? 'registered' : 'not registered';
      log.write(
        'info',
        `summary of ${id}: ${health}, ${place}, up ${uptimeS} s, ${probes} probes, ${failures} failed, ${restarts} restarts; ${reason}`,
        { instance: id, health, registered, uptimeS, probes, failures, restarts },
      );
    }
  }
}
