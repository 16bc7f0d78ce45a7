/**
 * A steady open-loop load on the calculators: calls start by the clock, whether or not earlier ones came back. It
 * counts every end, checks every sum, and remembers which MemoryAdds were acknowledged, so that the servers' ledgers
 * can be held against it.
 */
import { status, type ServiceError } from '@grpc/grpc-js';
import { performance } from 'node:perf_hooks';
import type { Answer__Output } from '../proto/generated/calculator/v1/Answer';
import type { CalculatorClient } from '../proto/calculator';

export interface LoadOptions {
  readonly callsPerSecond: number;
  /** Every how-manieth call is a MemoryAdd, which must not be repeated; the others are Adds, which may be. */
  readonly memoryAddEvery: number;
  readonly deadlineMs: number;
  /** Prefix of the MemoryAdd ids; unique per run. */
  readonly runId: string;
}

export type LoadEvent =
  /** An instance answers that did not answer lately; `pauseMs` is the time since the last good answer of anybody. */
  | { readonly event: 'answers'; readonly instance: string; readonly pauseMs: number }
  /** A good answer came after a long pause. */
  | { readonly event: 'pause'; readonly pauseMs: number }
  | { readonly event: 'call-failed'; readonly method: string; readonly code: string; readonly details: string };

interface MethodCounts {
  readonly calls: number;
  readonly ok: number;
  readonly failed: number;
}

export interface LoadReport {
  readonly calls: number;
  /** Safe calls: each failed one is a lost one. */
  readonly add: MethodCounts;
  /** A failed MemoryAdd was not acknowledged: nobody knows whether it was executed, and nobody sent it twice. */
  readonly memoryAdd: MethodCounts;
  readonly wrongAnswers: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

const TICK_MS = 5;
const SILENCE_MS = 200;
const LONG_PAUSE_MS = 20;
/** Latencies kept for the percentiles. */
const SAMPLES = 50_000;

export class Load {
  private readonly counts = { add: { calls: 0, ok: 0, failed: 0 }, memoryAdd: { calls: 0, ok: 0, failed: 0 } };
  private readonly lastAnswerMs = new Map<string, number>();
  private readonly latencies: number[] = [];
  private acknowledged: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private started = 0;
  private open = 0;
  private wrongAnswers = 0;
  private lastGoodMs = 0;
  private onIdle: () => void = () => undefined;

  constructor(
    private readonly client: CalculatorClient,
    private readonly options: LoadOptions,
    private readonly tell: (event: LoadEvent) => void,
  ) {}

  start(): void {
    const beganMs = performance.now();
    this.lastGoodMs = beganMs;
    this.timer = setInterval(() => {
      const due = ((performance.now() - beganMs) * this.options.callsPerSecond) / 1_000;
      while (this.started < due) this.call();
    }, TICK_MS);
  }

  /** Starts no more calls and waits for those that are under way, at most one deadline. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    if (this.open === 0) return;
    await new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
  }

  report(): LoadReport {
    const { add, memoryAdd } = this.counts;
    const sorted = [...this.latencies].sort((a, b) => a - b);
    const at = (share: number): number =>
      round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    return {
      calls: add.calls + memoryAdd.calls,
      add: { ...add },
      memoryAdd: { ...memoryAdd },
      wrongAnswers: this.wrongAnswers,
      latencyMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
    };
  }

  /** Ids of the MemoryAdds that were acknowledged since the last time this was asked. */
  takeAcknowledged(): readonly string[] {
    const taken = this.acknowledged;
    this.acknowledged = [];
    return taken;
  }

  private call(): void {
    this.started += 1;
    const number = this.started;
    if (number % this.options.memoryAddEvery === 0) this.memoryAdd(`${this.options.runId}-${number}`);
    else this.add(number, number % 7);
  }

  private add(left: number, right: number): void {
    const done = this.begin('add');
    this.client.Add({ left, right }, this.deadline(), (error, answer) => {
      done(error, answer);
      if (answer !== undefined && answer.value !== left + right) this.wrongAnswers += 1;
    });
  }

  private memoryAdd(id: string): void {
    const done = this.begin('memoryAdd');
    this.client.MemoryAdd({ id, amount: 1 }, this.deadline(), (error, answer) => {
      done(error, answer);
      if (error === null) this.acknowledged.push(id);
    });
  }

  private deadline(): { deadline: number } {
    return { deadline: Date.now() + this.options.deadlineMs };
  }

  private begin(method: 'add' | 'memoryAdd'): (error: ServiceError | null, answer?: Answer__Output) => void {
    const beganMs = performance.now();
    const counts = this.counts[method];
    counts.calls += 1;
    this.open += 1;
    return (error, answer) => {
      this.open -= 1;
      const nowMs = performance.now();
      if (error === null && answer !== undefined) {
        counts.ok += 1;
        this.sample(nowMs - beganMs);
        this.answered(answer.instance, nowMs);
      } else {
        counts.failed += 1;
        const code = status[error?.code ?? status.UNKNOWN];
        this.tell({ event: 'call-failed', method, code, details: error?.details ?? 'no answer' });
      }
      if (this.open === 0) this.onIdle();
    };
  }

  private sample(latencyMs: number): void {
    if (this.latencies.length >= SAMPLES) this.latencies.splice(0, SAMPLES / 2);
    this.latencies.push(latencyMs);
  }

  private answered(instance: string, nowMs: number): void {
    const silentMs = nowMs - (this.lastAnswerMs.get(instance) ?? -Infinity);
    const pauseMs = round(nowMs - this.lastGoodMs);
    this.lastAnswerMs.set(instance, nowMs);
    this.lastGoodMs = nowMs;
    if (silentMs >= SILENCE_MS) this.tell({ event: 'answers', instance, pauseMs });
    else if (pauseMs >= LONG_PAUSE_MS) this.tell({ event: 'pause', pauseMs });
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
