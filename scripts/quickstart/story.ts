/**
 * Follows what happens, from the load's own events and from the catalog, and tells each step once, with its time since
 * the fault. Waits are for events, never for an amount of time.
 */
import type { CatalogEvent } from '../../registry/port';
import { failedAlike, type LoadLine } from './load-lines';
import type { Moment } from './verdict';

export interface StoryLine {
  /** Since the fault; negative before it. */
  readonly sinceFaultMs: number | null;
  readonly tone: 'good' | 'bad' | 'plain';
  readonly text: string;
}

/** A hung server fails hundreds of calls alike. */
const SHOWN_FAILURES = 3;

export class Story {
  readonly moments: Record<Moment, number | null> = {
    fault: null,
    failover: null,
    critical: null,
    passing: null,
    failback: null,
  };
  private readonly pauses: { atMs: number; pauseMs: number }[] = [];
  private readonly states = new Map<string, string>();
  private readonly failed: LoadLine[] = [];
  private firstFailure = true;
  /** Since the last line of another kind. */
  private failedCalls = 0;
  private primaryEpoch = 0;
  private readonly answered = new Set<unknown>();
  private tier = 0;

  constructor(
    private readonly primary: string,
    private readonly tell: (line: StoryLine) => void,
  ) {}

  faultAt(atMs: number, what: string): void {
    this.moments.fault = atMs;
    this.say(atMs, 'bad', what);
  }

  /** True when everything that the run is about has happened. */
  get complete(): boolean {
    return Object.values(this.moments).every((moment) => moment !== null);
  }

  /** True when the calls go where they belong while all is well; a call in between may still be answered by another. */
  get primaryAnswers(): boolean {
    return this.tier === 0 && this.answered.has(this.primary);
  }

  /** The safe calls that failed, alike ones together, and when; empty when none did. */
  get lostCalls(): readonly string[] {
    const lost = this.failed.filter((line) => line['method'] === 'add');
    const times = lost.map((line) => Math.round(this.sinceFault(line.atMs) ?? 0));
    if (lost.length === 0) return [];
    return [...failedAlike(lost), `${Math.min(...times)} to ${Math.max(...times)} ms after the fault`];
  }

  /** Longest time without a good answer that ended in [fromMs, toMs]; null when nothing is known of that time. */
  longestPauseMs(fromMs: number | null, toMs: number | null): number | null {
    if (fromMs === null || toMs === null) return null;
    const inside = this.pauses.filter((pause) => pause.atMs >= fromMs && pause.atMs <= toMs);
    return inside.length === 0 ? null : Math.max(...inside.map((pause) => pause.pauseMs));
  }

  takeLoad(line: LoadLine): void {
    switch (line.event) {
      case 'attempt-failed':
        if (this.moments.fault === null || !this.firstFailure) return;
        this.firstFailure = false;
        this.say(
          line.atMs,
          'bad',
          `first failed attempt: ${text(line['method'])} on ${text(line['endpoint'])}: ${text(line['code'])} ${text(line['details'])}`,
        );
        return;
      case 'start':
        this.tier = Number(line['to']);
        return;
      case 'failover':
      case 'failback':
        this.tier = Number(line['to']);
        if (this.moments.fault !== null) this.moments[line.event] ??= line.atMs;
        this.say(line.atMs, 'plain', `client: ${line.event} to tier ${text(line['to'])}: ${text(line['reason'])}`);
        return;
      case 'answers':
        this.answered.add(line['instance']);
        this.pauses.push({ atMs: line.atMs, pauseMs: Number(line['pauseMs']) });
        this.say(
          line.atMs,
          'good',
          `good answers from ${text(line['instance'])}, ${text(line['pauseMs'])} ms after the last one of anybody`,
        );
        return;
      case 'pause':
        this.pauses.push({ atMs: line.atMs, pauseMs: Number(line['pauseMs']) });
        return;
      case 'call-failed':
        this.callFailed(line);
        return;
      default:
        return;
    }
  }

  takeCatalog(event: CatalogEvent, atMs: number): void {
    if (event.type !== 'snapshot') return;
    const { instances } = event.snapshot;
    const present = new Set(instances.map((one) => one.id));
    for (const id of this.states.keys())
      if (!present.has(id)) this.catalogSays(id, 'gone', 'no longer registered', 0, atMs);
    for (const one of instances) this.catalogSays(one.id, one.health, one.reason, one.epoch, atMs);
  }

  private catalogSays(id: string, health: string, reason: string, epoch: number, atMs: number): void {
    const before = this.states.get(id);
    const serves = health === 'passing' || health === 'warning';
    if (id === this.primary) this.followPrimary(serves, epoch, atMs);
    if (before === health) return;
    this.states.set(id, health);
    this.say(atMs, serves ? 'good' : 'bad', `catalog: ${id} is ${health}${reason === '' ? '' : `: ${reason}`}`);
  }

  private followPrimary(serves: boolean, epoch: number, atMs: number): void {
    if (this.moments.fault === null) this.primaryEpoch = Math.max(this.primaryEpoch, epoch);
    else if (!serves) this.moments.critical ??= atMs;
    else if (epoch > this.primaryEpoch) this.moments.passing ??= atMs;
  }

  private callFailed(line: LoadLine): void {
    this.failed.push(line);
    this.failedCalls += 1;
    if (this.failedCalls > SHOWN_FAILURES) return;
    const what = `call failed: ${text(line['method'])}: ${text(line['code'])} ${text(line['details'])}`;
    this.tell({ sinceFaultMs: this.sinceFault(line.atMs), tone: 'bad', text: what });
  }

  private say(atMs: number, tone: StoryLine['tone'], what: string): void {
    const hidden = this.failedCalls - SHOWN_FAILURES;
    this.failedCalls = 0;
    if (hidden > 0) this.tell({ sinceFaultMs: null, tone: 'bad', text: `… and ${hidden} more calls failed` });
    this.tell({ sinceFaultMs: this.sinceFault(atMs), tone, text: what });
  }

  private sinceFault(atMs: number): number | null {
    return this.moments.fault === null ? null : atMs - this.moments.fault;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}
