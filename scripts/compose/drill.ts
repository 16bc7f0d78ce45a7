/**
 * Takes a running cluster through the steps, one after the other, and measures what each one cost the callers. What it
 * costs and what it may cost are decided elsewhere.
 */
import type { LoadReport } from '../../calculator/load';
import { sleep } from '../../runtime/sleep';
import { systemClock } from '../../runtime/system-clock';
import type { Cluster } from './cluster';
import type { DrillStep } from './drill-steps';
import { readEvidence, type Evidence } from './evidence';
import type { StepFigures } from './limits';
import type { LoadFeed } from './load-feed';

/** Gossip tries a lost member again every 30 s, and the hold before a failback doubles with each failover. */
const PATIENCE_MS = 90_000;
const LOOK_EVERY_MS = 250;
const clock = systemClock({ holdsProcess: true });

export interface DrillListener {
  began(step: DrillStep): void;
  happened(what: string): void;
  /** The state at this moment, by the catalog and by the CLI. */
  looked(when: string, byConsul: string, byStatus: string): void;
}

interface Mark {
  readonly report: LoadReport;
  readonly evidence: Evidence;
}

export class Drill {
  constructor(
    private readonly cluster: Cluster,
    private readonly feed: LoadFeed,
    private readonly listener: DrillListener,
    private readonly signal: AbortSignal,
  ) {}

  /** Waits until calls are answered. */
  async warmUp(): Promise<void> {
    if (!(await this.waitFor(() => Promise.resolve((this.feed.latest?.add.ok ?? 0) > 0))))
      throw new Error('the load has no good answer to show');
  }

  async run(step: DrillStep): Promise<StepFigures> {
    this.listener.began(step);
    const before = await this.mark();
    const struckMs = clock.unixMs();
    this.listener.happened(await step.strike());
    const felt = await this.waitFor(() => step.felt());
    await this.look(felt ? 'meanwhile' : 'meanwhile, and nothing was felt');
    let healMs = clock.unixMs();
    if (step.heal === undefined) healMs = struckMs;
    else this.listener.happened(await step.heal());
    const recovered = felt && (await this.waitFor(() => step.recovered()));
    const recoveredMs = recovered ? clock.unixMs() - healMs : null;
    const after = await this.mark();
    await this.look('afterwards');
    return this.figures(step, { before, after, fromMs: struckMs, toMs: clock.unixMs(), recoveredMs });
  }

  private figures(
    step: DrillStep,
    seen: { before: Mark; after: Mark; fromMs: number; toMs: number; recoveredMs: number | null },
  ): StepFigures {
    const { before, after, fromMs, toMs, recoveredMs } = seen;
    const more = (of: (mark: Mark) => number): number => of(after) - of(before);
    return {
      step: step.name,
      calls: more(({ report }) => report.calls),
      lost: more(({ report }) => report.add.failed),
      unsafeFailed: more(({ report }) => report.memoryAdd.failed),
      duplicated: more(({ evidence }) => evidence.duplicated),
      acknowledgedButLost: more(({ evidence }) => evidence.acknowledgedButLost),
      wrongAnswers: more(({ report }) => report.wrongAnswers),
      gapMs: this.feed.gapMs(fromMs, toMs),
      moves: this.feed.moves(fromMs, toMs),
      failures: this.feed.failures(fromMs, toMs),
      recoveredMs,
    };
  }

  /** The figures of a moment that is not before now. */
  private async mark(): Promise<Mark> {
    const nowMs = clock.unixMs();
    if (!(await this.waitFor(() => Promise.resolve((this.feed.latest?.atMs ?? 0) >= nowMs))))
      throw new Error('the load says nothing any more');
    const report = this.feed.latest;
    if (report === undefined) throw new Error('the load says nothing');
    return { report, evidence: await readEvidence(this.cluster) };
  }

  private async look(when: string): Promise<void> {
    const byConsul = this.cluster.catalog().then(
      ({ instances }) =>
        [...instances]
          .sort((a, b) => a.tier - b.tier)
          .map(({ id, tier, health, reason }) => `${id}, tier ${tier}: ${health}: ${reason}`)
          .join('\n'),
      (error: unknown) => `no answer: ${error instanceof Error ? error.message : String(error)}`,
    );
    // Asked on a machine that is never harmed. It exits with more than 0 when something is wrong, which is the point.
    const byStatus = this.cluster
      .compose('exec', '-T', 'agent-2', 'sh', '-c', 'node dist/cli/main.js status calculator 2>&1; true')
      .catch((error: unknown) => String(error));
    this.listener.looked(when, await byConsul, (await byStatus).trim());
  }

  /** False when it took too long. A condition that rejects is not yet true. */
  private async waitFor(condition: () => Promise<boolean>): Promise<boolean> {
    const endMs = clock.nowMs() + PATIENCE_MS;
    while (clock.nowMs() < endMs) {
      this.signal.throwIfAborted();
      if (await condition().catch(() => false)) return true;
      await sleep(clock, LOOK_EVERY_MS, this.signal);
    }
    return false;
  }
}
