/**
 * Follows the load's figures and events as its container prints them.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { LoadReport } from '../../calculator/load';
import { hasEnded } from '../quickstart/processes';
import { failedAlike, type LoadLine } from '../quickstart/load-lines';

/** Good answers that came after a pause, the client's moves between tiers, and failed calls. */
export class LoadFeed {
  readonly lines: LoadLine[] = [];
  latest: (LoadLine & LoadReport) | undefined;
  private child: ChildProcess | undefined;

  /** @param onLine is told every line but the figures */
  constructor(private readonly onLine: (line: LoadLine) => void = () => undefined) {}

  follow(container: string): void {
    const child = spawn('docker', ['logs', '--follow', container], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.child = child;
    createInterface({ input: child.stdout }).on('line', (text) => this.take(text));
  }

  async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || hasEnded(child)) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  /** Longest time without a good answer that ended in [fromMs, toMs], ms. */
  gapMs(fromMs: number, toMs: number): number {
    const pauses = this.between(fromMs, toMs).map((line) => Number(line['pauseMs'] ?? 0));
    return Math.max(0, ...pauses);
  }

  /** The client's moves between tiers in [fromMs, toMs]. */
  moves(fromMs: number, toMs: number): number {
    return this.between(fromMs, toMs).filter(({ event }) => event === 'failover' || event === 'failback').length;
  }

  /** Failed calls in [fromMs, toMs], alike ones together. */
  failures(fromMs: number, toMs: number): readonly string[] {
    return failedAlike(this.between(fromMs, toMs));
  }

  /** The tier that the client uses, as its last move says. */
  get tier(): number {
    const last = this.lines.findLast(({ event }) => ['start', 'failover', 'failback'].includes(event));
    return Number(last?.['to'] ?? last?.['tier'] ?? 0);
  }

  private between(fromMs: number, toMs: number): readonly LoadLine[] {
    return this.lines.filter((line) => line.atMs >= fromMs && line.atMs <= toMs);
  }

  private take(text: string): void {
    let line: LoadLine;
    try {
      line = JSON.parse(text) as LoadLine;
    } catch {
      return;
    }
    if (line.event === 'progress' || line.event === 'summary') {
      this.latest = line as LoadLine & LoadReport;
      return;
    }
    this.lines.push(line);
    this.onLine(line);
  }
}
