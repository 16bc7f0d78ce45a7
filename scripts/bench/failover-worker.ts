/**
 * The callers of the failover bench, in a process of their own: an open loop, so that a call starts by the clock whether
 * or not earlier ones came back. It remembers when each ended and how, and reckons only at the end.
 */
import { join } from 'node:path';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import type * as Package from '../../index';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import type { Answer__Output } from '../../proto/generated/calculator/v1/Answer';
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
  private readonly client: CalculatorClient;
  private readonly timer: NodeJS.Timeout;
  private started = 0;
  private marks: readonly [Mark, Mark] = [NO_MARK, NO_MARK];
  private failbackMs: number | null = null;
  private onEnded: () => void = () => undefined;

  constructor(
    private readonly service: string,
    private readonly understudy: Package.Understudy,
  ) {
    this.client = new CalculatorClient(`consul:///${service}`, credentials.createInsecure(), understudy.channelOptions);
    understudy.events.on('failback', () => (this.failbackMs = monotonicMs()));
    this.timer = setInterval(() => {
      const due = (monotonicMs() - this.beganMs) / CALL_EVERY_MS;
      while (this.started < due) this.call();
    }, TICK_MS);
  }

  async failback(timeoutMs: number): Promise<FailbackTold> {
    const endMs = monotonicMs() + timeoutMs;
    while (this.failbackMs === null && monotonicMs() < endMs) await new Promise((go) => setTimeout(go, TICK_MS));
    return { atMs: this.failbackMs };
  }

  /** What lies between the last two marks is the standard. */
  mark(): void {
    const { calls, attempts } = this.understudy.counters(this.service);
    this.marks = [this.marks[1], { atMs: monotonicMs(), calls, attempts }];
  }

  async close({ faultMs, countFromMs, to }: Close): Promise<OneFailover> {
    clearInterval(this.timer);
    await new Promise<void>((resolve) => {
      this.onEnded = () => (this.ended.length === this.started ? resolve() : undefined);
      this.onEnded();
    });
    const { calls, attempts } = this.understudy.counters(this.service);
    const [from, until] = this.marks;
    this.client.close();
    await this.understudy.close();
    const before = this.ended.filter(({ startedMs, endedMs }) => startedMs >= from.atMs && endedMs < until.atMs);
    const after = this.ended.filter(({ startedMs }) => startedMs >= faultMs);
    const failed = this.ended.filter(({ by, startedMs }) => by === null && startedMs >= countFromMs);
    return {
      ...gaps(this.ended, faultMs, to),
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
    const done = (error: ServiceError | null, answer?: Answer__Output): void => {
      const by = error === null && answer !== undefined ? answer.instance : null;
      this.ended.push({ safe, startedMs, endedMs: monotonicMs(), by });
      this.onEnded();
    };
    const options = { deadline: Date.now() + LOAD.deadlineMs };
    if (safe) this.client.Add({ left: 2, right: 3 }, options, done);
    else this.client.MemoryAdd({ id: `${this.service}-${this.started}`, amount: 1 }, options, done);
  }
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

async function main(): Promise<void> {
  const built = join(__dirname, '../../dist/index.js');
  const { registerUnderstudy } = (await import(built)) as typeof Package;
  let callers: Callers | undefined;
  answerParent((question: FailoverQuestion): Promise<object> => {
    if (question.ask === 'open') {
      const { service, consul } = question;
      // A new one each time: what it learned in the last run must not help it in this one.
      callers = new Callers(
        service,
        registerUnderstudy({ registry: { address: consul }, services: [calculatorService] }),
      );
      return Promise.resolve({});
    }
    if (callers === undefined) throw new Error('nothing is open');
    if (question.ask === 'failback') return callers.failback(question.timeoutMs);
    if (question.ask === 'close') return callers.close(question);
    callers.mark();
    return Promise.resolve({});
  });
}

void main();
