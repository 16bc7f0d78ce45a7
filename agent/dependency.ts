/**
 * Watches what all servers of a service share, a database for example, by a probe of its own. While it fails, an ill server may
 * be ill for that reason alone: then nobody is accused. It says so, and decides nothing about a server.
 */
import { NOTHING_SEEN, observe, type NOfMState } from '../core/detect/n-of-m';
import type { Clock, Rng } from '../core/time/clock';
import { Complaint } from './complaint';
import type { Log, Probe, ProbeResult } from './ports';
import { ProbeLoop } from './probe-loop';
import type { DependencyConfig } from './service-config';

export interface DependencyPorts {
  readonly probe: Probe;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
}

export class Dependency {
  private readonly loop: ProbeLoop;
  private readonly complaint: Complaint;
  private state: NOfMState = NOTHING_SEEN;
  private sentence: string | undefined;
  /** When the last check began that passed. */
  private passedFromMs = -Infinity;

  /** @param instance whose dependency it is */
  constructor(
    private readonly instance: string,
    private readonly config: DependencyConfig,
    { probe, clock, rng, log }: DependencyPorts,
  ) {
    this.complaint = new Complaint(clock, log);
    this.loop = new ProbeLoop(probe, config, { clock, rng }, (result, startedMs) => this.onResult(result, startedMs));
  }

  /** Why an ill server is not accused now; undefined: it answers for itself. */
  get excuse(): string | undefined {
    return this.sentence;
  }

  /** A check that began since then has passed. */
  passedSince(sinceMs: number): boolean {
    return this.sentence === undefined && this.passedFromMs >= sinceMs;
  }

  /** Somebody must know now: the next check begins at once. */
  look(): void {
    this.loop.now();
  }

  /** Runs until `signal` aborts; never rejects. */
  run(signal: AbortSignal): Promise<void> {
    return this.loop.run(signal);
  }

  private onResult({ outcome, reason }: ProbeResult, startedMs: number): void {
    const { rise, what } = this.config;
    const ok = outcome === 'pass';
    if (ok) this.passedFromMs = startedMs;
    // One failure is doubt enough; what all have lost must be back for a while before anybody is judged again.
    this.state = observe(ok ? this.state : { ...this.state, verdict: 'up' }, ok, reason, {
      fall: 1,
      of: 1,
      rise,
    }).state;
    const shared = `${what}, which all servers share,`;
    const back = `has been back for ${this.state.passesInRow} of ${rise} checks only`;
    this.sentence = this.state.verdict === 'down' ? `${shared} ${ok ? back : `is down: ${reason}`}` : undefined;
    if (this.sentence === undefined) this.complaint.clear(this.instance, `${what} answers`);
    else this.complaint.raise(this.instance, `${this.instance} is accused of nothing: ${this.sentence}`);
  }
}
