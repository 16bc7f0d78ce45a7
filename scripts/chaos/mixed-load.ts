/**
 * An open loop of calls of all kinds through one client: a safe one, an unsafe one and a short stream in turn, at a steady
 * pace whatever becomes of them. It keeps what every caller was told.
 */
import type { ServiceError } from '@grpc/grpc-js';
import type { CalculatorClient } from '../../proto/calculator';
import type { Answer__Output } from '../../proto/generated/calculator/v1/Answer';
import { add, memoryAdd } from './calls';
import type { Wish } from './ledger-check';

/** Generous, for crowded machines: what counts is that a hung server does not eat it. */
const DEADLINE_MS = 4_000;
const STREAM = { from: 1, count: 4, intervalMs: 3 };

export class MixedLoad {
  readonly lostSafe: string[] = [];
  readonly wishes: Wish[] = [];
  readonly failedUnsafe: string[] = [];
  /** Streams that broke before their first message: those could have been saved. */
  readonly lostStreams: string[] = [];
  readonly cutStreams: string[] = [];
  /** Of unary calls that were answered: who did, in the order of the answers. */
  readonly answeredBy: string[] = [];
  private lastGoodMs = performance.now();
  private longestGapMs = 0;
  private readonly open = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private calls = 0;

  /** @param name makes the ids of the wishes its own */
  constructor(
    private readonly client: CalculatorClient,
    private readonly name: string,
    everyMs = 6,
  ) {
    this.timer = setInterval(() => this.next(), everyMs);
  }

  /** Calls that have ended. */
  get ended(): number {
    return this.calls - this.open.size;
  }

  get started(): number {
    return this.calls;
  }

  /** Longest time without a good answer of anybody since `watchGap`, ms; one that has not ended counts. */
  get gapMs(): number {
    return Math.max(this.longestGapMs, performance.now() - this.lastGoodMs);
  }

  watchGap(): void {
    this.lastGoodMs = performance.now();
    this.longestGapMs = 0;
  }

  /** Resolves when all calls have ended; idempotent. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
  }

  private next(): void {
    const number = (this.calls += 1);
    const kinds = [() => this.safe(), () => this.unsafe(`${this.name}-${number}`), () => this.stream()] as const;
    const done = (kinds[number % kinds.length] ?? kinds[0])().finally(() => this.open.delete(done));
    this.open.add(done);
  }

  private async safe(): Promise<void> {
    await add(this.client, { deadlineMs: DEADLINE_MS }).then(
      ({ instance }) => this.answered(instance),
      (error: unknown) => this.lostSafe.push(String(error)),
    );
  }

  private async unsafe(id: string): Promise<void> {
    await memoryAdd(this.client, id, DEADLINE_MS).then(
      ({ instance }) => {
        this.answered(instance);
        this.wishes.push({ id, end: 'answered' });
      },
      (error: unknown) => {
        this.failedUnsafe.push(String(error));
        this.wishes.push({ id, end: 'failed' });
      },
    );
  }

  private answered(by: string): void {
    this.answeredBy.push(by);
    this.longestGapMs = this.gapMs;
    this.lastGoodMs = performance.now();
  }

  private stream(): Promise<void> {
    const stream = this.client.Series(STREAM, { deadline: Date.now() + DEADLINE_MS });
    let messages = 0;
    let failure: ServiceError | null = null;
    stream.on('data', (_answer: Answer__Output) => (messages += 1));
    stream.on('error', (error: ServiceError) => (failure = error));
    return new Promise((resolve) => {
      stream.once('status', () => {
        const end = failure === null ? null : String(failure);
        if (messages === STREAM.count) resolve();
        else (messages === 0 ? this.lostStreams : this.cutStreams).push(end ?? `${messages} messages`);
        resolve();
      });
    });
  }
}
