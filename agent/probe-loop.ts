/**
 * Probes one server for ever at a fixed rate, which chance makes a little faster, so that agents that started together do
 * not probe in step. Each check has a hard end of its own: one that hangs costs its time limit and nothing else, and a
 * result that comes after it is never seen. It reports, and decides nothing.
 */
import type { Clock, Rng } from '../core/time/clock';
import { DeadlineError, withDeadline } from './deadline';
import type { Probe, ProbeNews, ProbeResult } from './ports';
import { Wakeup } from './wakeup';

export interface ProbeTiming {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface ProbeLoopPorts {
  readonly clock: Clock;
  readonly rng: Rng;
  /** News that are worth a look; without it all are. */
  readonly heeds?: (news: ProbeNews) => boolean;
}

/** A look comes early by at most this share of the interval, and never late. */
const JITTER = 0.1;
/** A started server is looked at this often, so that it goes on stage as soon as it can … */
const HURRY_INTERVAL_MS = 50;
/** … but not for ever: one that does not come up is probed like every other after this time. */
const HURRY_FOR_MS = 30_000;
/** A server that has news all the time is looked at for it this often at most. */
const NEWS_EVERY_MS = 1000;

/** `startedMs`: when the check began, on the loop's clock; `tookMs`: until it ended. */
export type ProbeListener = (result: ProbeResult, startedMs: number, tookMs: number) => void;

export class ProbeLoop {
  private readonly wakeup: Wakeup;
  private hurryUntilMs = 0;
  /** When somebody wants a look before the next turn, and when the last such look was. */
  private askedMs = Infinity;
  private servedMs = -Infinity;
  private current = new AbortController();

  constructor(
    private readonly probe: Probe,
    private readonly timing: ProbeTiming,
    private readonly ports: ProbeLoopPorts,
    private readonly listener: ProbeListener,
  ) {
    this.wakeup = new Wakeup(ports.clock);
  }

  /** A new server process: forget the old connection and the check under way, and look often until `calm`. */
  hurry(): void {
    this.current.abort();
    this.probe.reset();
    this.hurryUntilMs = this.ports.clock.nowMs() + HURRY_FOR_MS;
    this.now();
  }

  /** Does not wait for the next turn; a check that is under way goes on. */
  now(): void {
    this.ask(this.ports.clock.nowMs());
  }

  /** The server is up: look at the ordinary rate. */
  calm(): void {
    this.hurryUntilMs = 0;
  }

  /** Runs until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.current.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.probe.onNews?.((news) => this.onNews(news));
    while (!signal.aborted) {
      const startedMs = this.ports.clock.nowMs();
      this.current = new AbortController();
      const check = this.current.signal;
      const result = await this.checkOnce(check);
      // A result about the process before this one says nothing about this one.
      if (!check.aborted) this.listener(result, startedMs, this.ports.clock.nowMs() - startedMs);
      await this.turn(startedMs + this.intervalMs(), signal);
    }
    this.probe.close();
  }

  private intervalMs(): number {
    const { clock, rng } = this.ports;
    const { intervalMs } = this.timing;
    return clock.nowMs() < this.hurryUntilMs
      ? Math.min(HURRY_INTERVAL_MS, intervalMs)
      : intervalMs * (1 - JITTER * rng());
  }

  /** Waits until `dueMs`, or until somebody wants a look. */
  private async turn(dueMs: number, signal: AbortSignal): Promise<void> {
    const nextMs = (): number => Math.min(dueMs, this.askedMs) - this.ports.clock.nowMs();
    do await this.wakeup.wait(Math.max(1, nextMs()), signal);
    while (!signal.aborted && nextMs() > 0);
    if (this.askedMs !== Infinity) this.servedMs = this.ports.clock.nowMs();
    this.askedMs = Infinity;
  }

  /** The check decides what it is worth; so soon after another, it has to wait. */
  private onNews(news: ProbeNews): void {
    if (this.ports.heeds?.(news) === false) return;
    const againMs = this.servedMs + Math.min(this.timing.intervalMs, NEWS_EVERY_MS);
    this.ask(Math.max(this.ports.clock.nowMs(), againMs));
  }

  private ask(atMs: number): void {
    this.askedMs = Math.min(this.askedMs, atMs);
    this.wakeup.wake();
  }

  private async checkOnce(signal: AbortSignal): Promise<ProbeResult> {
    const { clock } = this.ports;
    const { timeoutMs } = this.timing;
    try {
      return await withDeadline({ clock, timeoutMs, signal }, (inner) => this.probe.check(inner));
    } catch (error) {
      this.probe.reset();
      if (error instanceof DeadlineError) return { outcome: 'silent', reason: error.message };
      return { outcome: 'silent', reason: `the check itself failed: ${String(error)}` };
    }
  }
}
