/**
 * Says a lasting trouble once, then once a minute, and its end once: a registry that is away for an hour costs sixty
 * lines, not thousands. Several loops may share one complaint; it ends when none of them is in trouble any more.
 */
import type { Clock } from '../core/time/clock';
import type { Log, LogLevel } from './ports';

const REPEAT_MS = 60_000;

export class Complaint {
  private readonly sources = new Set<string>();
  private sinceMs = 0;
  private saidMs = 0;
  private failures = 0;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly level: LogLevel = 'warn',
  ) {}

  get active(): boolean {
    return this.sources.size > 0;
  }

  /** `source` is in trouble; `message` says which. */
  raise(source: string, message: string): void {
    const nowMs = this.clock.nowMs();
    const first = !this.active;
    this.sources.add(source);
    if (first) {
      this.sinceMs = nowMs;
      this.failures = 0;
    }
    this.failures += 1;
    if (!first && nowMs - this.saidMs < REPEAT_MS) return;
    this.saidMs = nowMs;
    const since = first ? '' : ` (for ${Math.round((nowMs - this.sinceMs) / 1000)} s, ${this.failures} failures)`;
    this.log.write(this.level, `trouble: ${message}${since}`);
  }

  /** `source` is well. True when that ended the trouble; `message` says what is good again. */
  clear(source: string, message: string): boolean {
    if (!this.sources.delete(source) || this.active) return false;
    const awayMs = Math.round(this.clock.nowMs() - this.sinceMs);
    this.log.write('info', `recovered: ${message} after ${awayMs} ms and ${this.failures} failures`);
    return true;
  }
}
