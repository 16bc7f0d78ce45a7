/**
 * What one server's probes add up to: takes each result, sets aside those that may be our own deafness, and tells the
 * verdict and the incident what is left. It never acts on the server, and never says that it is well again: that is proven later.
 */
import { healthOf, NOTHING_SEEN, observe, type NOfMState } from '../core/detect/n-of-m';
import type { BeatHealth } from '../core/domain/health';
import type { Dependency } from './dependency';
import type { IncidentTracker } from './incident-tracker';
import type { LoopWatch } from './loop-watch';
import { Pace } from './pace';
import type { ProbeResult } from './ports';
import type { ProbeConfig } from './service-config';

export interface ObserverPorts {
  readonly loopWatch: LoopWatch;
  readonly incident: IncidentTracker;
  /** What all servers share. */
  readonly dependency?: Pick<Dependency, 'excuse' | 'passedSince' | 'look'> | undefined;
  readonly warn: (message: string) => void;
}

export class Observer {
  private detector: NOfMState = NOTHING_SEEN;
  private sentence = 'no probe has answered yet';
  private lost = false;
  private passed = false;
  /** Since when probes have failed without a pass between them. */
  private failingSinceMs: number | undefined;
  /** The last failure was not held against the server, and why. */
  private spared: string | undefined;
  private readonly pace: Pace;

  constructor(
    private readonly config: ProbeConfig,
    private readonly ports: ObserverPorts,
  ) {
    this.pace = new Pace(config, ports.loopWatch);
  }

  get verdict(): NOfMState['verdict'] {
    return this.detector.verdict;
  }

  /** What the catalog should hear. */
  get health(): BeatHealth {
    const health = healthOf(this.detector);
    return this.spared !== undefined && health === 'passing' ? 'warning' : health;
  }

  /** Why the last failure was not held against the server; undefined: it was, or there was none. */
  get excuse(): string | undefined {
    return this.spared;
  }

  /** What is not as it should be although it answers; undefined: nothing is. */
  get worry(): string | undefined {
    return this.pace.warning;
  }

  /** What was seen last, in words. */
  get reason(): string {
    return this.spared ?? this.sentence;
  }

  /** It was up at some time since the agent started. */
  get everPassed(): boolean {
    return this.passed;
  }

  /** A new server process: nothing is known of it. */
  forget(): void {
    this.detector = NOTHING_SEEN;
    this.sentence = 'no probe has answered yet';
    this.failingSinceMs = undefined;
    this.spared = undefined;
    this.pace.forget();
  }

  /** An earlier run of the agent knew it to be ill: until it passes, it still is. */
  inheritIllness(): void {
    this.detector = { ...NOTHING_SEEN, verdict: 'down' };
  }

  /** What the last probe said of a server that is up. */
  get passes(): boolean {
    return this.detector.recent.at(-1) === true;
  }

  /** Clients find it unfit, and are believed: until it passes again, it is. */
  accuse(sentence: string): void {
    this.inheritIllness();
    this.sentence = sentence;
    this.ports.incident.take({ kind: 'detected', source: 'client', sentence });
  }

  /** It had its time to come up, and did not. */
  giveUpWaiting(waitedMs: number): void {
    this.inheritIllness();
    const why = `no probe has passed for ${Math.round(waitedMs / 100) / 10} s: ${this.sentence}`;
    this.sentence = why;
    this.ports.incident.take({ kind: 'detected', source: 'probe', sentence: why });
  }

  /** Nobody could reach it: when it is back it is a new process, whoever started it. */
  markLost(): void {
    this.lost = true;
  }

  /** Undefined when the result does not count. `back`: up again, and it could not be reached meanwhile. */
  take(
    result: ProbeResult,
    startedMs: number,
    tookMs: number,
  ): { readonly verdict: NOfMState['verdict']; readonly turnedUp: boolean; readonly back: boolean } | undefined {
    if (this.isDoubtful(result, startedMs)) return undefined;
    const ok = result.outcome === 'pass';
    this.lost ||= result.outcome === 'refused';
    if (ok) this.failingSinceMs = undefined;
    else this.failingSinceMs ??= startedMs;
    const { state, changed, reason } = observe(this.detector, ok, result.reason, this.config.detector);
    this.spare(result, changed && state.verdict === 'down');
    if (this.spared !== undefined) return undefined;
    this.detector = state;
    this.sentence = reason;
    this.remember(ok, changed, result.reason);
    const turnedUp = changed && state.verdict === 'up';
    const back = turnedUp && this.welcome();
    if (ok) this.pace.take(tookMs, startedMs);
    return { verdict: state.verdict, turnedUp, back };
  }

  /** It is up. @returns it was before, and could not be reached meanwhile: this is a new process */
  private welcome(): boolean {
    const back = this.lost && this.passed;
    if (back) this.pace.forget();
    this.lost = false;
    this.passed = true;
    return back;
  }

  private remember(ok: boolean, changed: boolean, probed: string): void {
    const { incident } = this.ports;
    const { verdict, recent } = this.detector;
    const source = 'probe';
    if (changed && verdict === 'down') incident.take({ kind: 'detected', source, sentence: this.sentence });
    else if (verdict === 'up' && !ok) incident.take({ kind: 'evidence', source, sentence: probed });
    else if (!changed && verdict === 'up' && recent.every(Boolean))
      incident.take({ kind: 'cleared', source, sentence: probed });
  }

  /** That nothing listens is no suspicion: it is counted, whoever is to blame. */
  private spare({ outcome, reason }: ProbeResult, accuses: boolean): void {
    const { dependency } = this.ports;
    const before = this.spared;
    this.spared = undefined;
    if (dependency === undefined || outcome === 'pass' || outcome === 'refused') return;
    const { excuse } = dependency;
    if (excuse !== undefined) {
      // When it is back, the server has all its chances again.
      if (this.detector.verdict === 'up') this.detector = { ...this.detector, recent: [] };
      this.spared = `${reason}; not held against it: ${excuse}`;
    } else if (!dependency.passedSince(this.failingSinceMs ?? Infinity)) {
      dependency.look();
      if (accuses) this.spared = `${reason}; not held against it until what all servers share has answered`;
    }
    if (this.spared !== undefined && before === undefined)
      this.ports.incident.take({ kind: 'note', source: 'agent', sentence: this.spared });
  }

  private isDoubtful({ outcome, reason }: ProbeResult, startedMs: number): boolean {
    if (outcome !== 'silent') return false;
    const doubt = this.ports.loopWatch.doubtSince(startedMs, this.config.timeoutMs / 2);
    if (!doubt.doubtful) return false;
    const sentence = `a failed probe does not count, because ${doubt.reason}: ${reason}`;
    this.ports.warn(sentence);
    this.ports.incident.take({ kind: 'note', source: 'agent', sentence });
    return true;
  }
}
