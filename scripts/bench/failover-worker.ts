/**
 * The callers of the failover bench, in a process of their own: an open loop, so that a call starts by the clock whether
 * or not earlier ones came back. It remembers when each ended and how, and reckons only at the end.
 */
import { openCaller, type Caller } from './failover-callers';
import { LOAD, monotonicMs, type FailbackTold, type FailoverQuestion, type OneFailover } from './failover-plan';
import { quantile } from './statistics';
import { answerParent } from './worker-link';

interface Ended {
  readonly safe: boolean;
  readonly startedMs: number;
  readonly endedMs: number;
  /** Who answered; null when the call failed. */
  readonly by: string | null;
}

type Close = Extract<FailoverQuestion, { readonly ask: 'close' }>;

interface Mark {
  readonly atMs: number;
  readonly calls: number;
  readonly attempts: number;
}

const NO_MARK: Mark = { atMs: 0, calls: 0, attempts: 0 };
const TICK_MS = 2;
const CALL_EVERY_MS = 1_000 / LOAD.callsPerSecond;

class Callers {
  private readonly ended: Ended[] = [];
  private readonly beganMs = monotonicMs();
  private readonly timer: NodeJS.Timeout;
  private started = 0;
  private marks: readonly [Mark, Mark] = [NO_MARK, NO_MARK];
  private lastFailureMs = 0;
  private lastBy: string | null = null;
  private onEnded: () => void = () => undefined;

  constructor(
    private readonly service: string,
    private readonly caller: Caller,
  ) {
    this.timer = setInterval(() => {
      const due = (monotonicMs() - this.beganMs) / CALL_EVERY_MS;
      while (this.started < due) this.call();
    }, TICK_MS);
  }

  /** A caller that does not say that it goes back is back when `to` answers. */
  async failback(to: string, timeoutMs: number): Promise<FailbackTold> {
    const { told } = this.caller;
    this.lastBy = null;
    await within(timeoutMs, () => (told === undefined ? this.lastBy === to : told.failbackMs !== null));
    return { atMs: told?.failbackMs ?? null };
  }

  async calm(calmMs: number, timeoutMs: number): Promise<object> {
    const askedMs = monotonicMs();
    await within(timeoutMs, () => monotonicMs() - Math.max(askedMs, this.lastFailureMs) >= calmMs);
    return {};
  }

  /** What lies between the last two marks is the standard. */
  mark(): void {
    this.marks = [this.marks[1], { atMs: monotonicMs(), ...this.caller.counters() }];
  }

  async close({ faultMs, countFromMs, to }: Close): Promise<OneFailover> {
    clearInterval(this.timer);
    await new Promise<void>((resolve) => {
      this.onEnded = () => (this.ended.length === this.started ? resolve() : undefined);
      this.onEnded();
    });
    const { calls, attempts } = this.caller.counters();
    const [from, until] = this.marks;
    await this.caller.close();
    const before = this.ended.filter(({ startedMs, endedMs }) => startedMs >= from.atMs && endedMs < until.atMs);
    const after = this.ended.filter(({ startedMs }) => startedMs >= faultMs);
    const failed = this.ended.filter(({ by, startedMs }) => by === null && startedMs >= countFromMs);
    const leftMs = this.caller.told?.failoverMs ?? -Infinity;
    return {
      ...gaps(this.ended, faultMs, to),
      noticedMs: leftMs < faultMs ? null : leftMs - faultMs,
      safeLost: failed.filter(({ safe }) => safe).length,
      unsafeFailed: failed.filter(({ safe }) => !safe).length,
      steadyAttemptsPerCall: (until.attempts - from.attempts) / (until.calls - from.calls),
      attemptsPerCall: attempts / calls,
      p99Ratio: p99Ms(after) / p99Ms(before),
    };
  }

  private call(): void {
    this.started += 1;
    const safe = this.started % LOAD.unsafeEvery !== 0;
    const startedMs = monotonicMs();
    this.caller.call({ safe, id: `${this.service}-${this.started}` }, (by) => {
      const endedMs = monotonicMs();
      this.ended.push({ safe, startedMs, endedMs, by });
      if (by === null) this.lastFailureMs = endedMs;
      else this.lastBy = by;
      this.onEnded();
    });
  }
}

/** Resolves when `happened` says so, or when the time is over. */
async function within(timeoutMs: number, happened: () => boolean): Promise<void> {
  const endMs = monotonicMs() + timeoutMs;
  while (!happened() && monotonicMs() < endMs) await new Promise((go) => setTimeout(go, TICK_MS));
}

function gaps(ended: readonly Ended[], faultMs: number, to: string): Pick<OneFailover, 'gapMs' | 'pauseMs'> {
  const good = ended.filter(({ by, endedMs }) => by !== null && endedMs >= faultMs);
  const first = good.find(({ by }) => by === to);
  let lastMs = faultMs;
  let pauseMs = 0;
  for (const { endedMs } of good) {
    pauseMs = Math.max(pauseMs, endedMs - lastMs);
    lastMs = endedMs;
  }
  return { gapMs: first === undefined ? null : first.endedMs - faultMs, pauseMs };
}

function p99Ms(calls: readonly Ended[]): number {
  const good = calls.filter(({ by }) => by !== null);
  return quantile(
    good.map(({ startedMs, endedMs }) => endedMs - startedMs),
    0.99,
  );
}

function main(): void {
  let callers: Callers | undefined;
  answerParent(async (question: FailoverQuestion): Promise<object> => {
    if (question.ask === 'open') {
      callers = new Callers(question.service, await openCaller(question.caller, question));
      return {};
    }
    if (callers === undefined) throw new Error('nothing is open');
    if (question.ask === 'failback') return callers.failback(question.to, question.timeoutMs);
    if (question.ask === 'calm') return callers.calm(question.calmMs, question.timeoutMs);
    if (question.ask === 'close') return callers.close(question);
    callers.mark();
    return {};
  });
}

main();
