/**
 * The shape of docs/benchmarks.json. Each bench replaces its own part and leaves the others as they stand, with the
 * machine and the hour that they were measured in.
 */
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import type { VariantName } from './call-path-variants';
import type { CallerName, FaultName, PeerName } from './failover-plan';

/** How and where a part was measured. */
export interface Circumstances {
  readonly command: string;
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** Processes that wanted a core, one-minute mean, before the first round: above 0 somebody else was at work. */
  readonly loadBefore: number;
  readonly consul: string;
}

/** Of the ratios to `raw` in the same round; `margin`: half of the 95 % confidence interval of the median, processes' luck in it. */
export interface Ratio {
  readonly median: number;
  readonly margin: number;
}

/** Medians over the rounds. */
export interface CallPathRow {
  readonly variant: VariantName;
  readonly concurrency: number;
  readonly rounds: number;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMsPer1000: number;
  readonly attemptsPerCall: number;
  readonly callsRatio: Ratio;
  readonly p50Ratio: Ratio;
  readonly p99Ratio: Ratio;
  readonly cpuRatio: Ratio;
}

export interface CallPathResult extends Circumstances {
  readonly callsPerRound: number;
  /** How often the processes were started anew. */
  readonly generations: number;
  /** Processes of each variant in a generation; most variants are in every fifth. */
  readonly copies: number;
  /** Of each process, before the first one that counts. */
  readonly warmUpCalls: number;
  /** The process that is measured had a CPU to itself. */
  readonly pinned: boolean;
  /** Proxies that were not installed. */
  readonly absent: readonly string[];
  readonly rows: readonly CallPathRow[];
}

export interface Spread {
  readonly median: number;
  readonly max: number;
}

/** What all runs of one fault have in common, whoever called. */
export interface FaultRow {
  readonly fault: FaultName;
  readonly runs: number;
  /** From the fault to the first good call on the instance that calls move to; null when no run saw one. */
  readonly gapMs: Spread | null;
  /** Runs that never saw one. */
  readonly never: number;
  /** The longest time without a good answer of anybody after the fault. */
  readonly pauseMs: Spread;
  readonly safeLost: Spread;
  readonly unsafeFailed: Spread;
}

/** Of all runs of one fault with Understudy. At failback the gap begins when the client says that it goes back. */
export interface FailoverRow extends FaultRow {
  /** From the fault to when the client said that it leaves the primary; null where it did not. */
  readonly noticedMs: Spread | null;
  /** Attempts per call before the fault: what hedging costs while nothing is wrong. */
  readonly steadyAttemptsPerCall: Spread;
  readonly attemptsPerCall: Spread;
  /** p99 of the good calls that began after the fault over that of the calls before it. */
  readonly p99Ratio: Spread;
}

export interface FailoverResult extends Circumstances {
  readonly callsPerSecond: number;
  readonly serviceTimeMs: number;
  readonly deadlineMs: number;
  readonly rows: readonly FailoverRow[];
}

/** Of all runs of one fault with one way of calling. At failback the gap begins when the primary listens again. */
export interface PeerRow extends FaultRow {
  readonly caller: CallerName;
  /** Executions of unsafe calls beyond the first. */
  readonly executedTwice: Spread;
}

export interface PeersResult extends Circumstances {
  /** A run ended when no call failed for `calmMs`, or after `watchMs`: what came later, nobody saw. */
  readonly calmMs: number;
  readonly watchMs: number;
  /** Those that could not be measured, because their program was not installed. */
  readonly absent: readonly PeerName[];
  readonly rows: readonly PeerRow[];
}

/** What a part found that is one plain table: a row's keys are those of the part's columns; null: there is no figure. */
export interface SheetResult extends Circumstances {
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
}

export interface Results {
  readonly callPath?: CallPathResult;
  /** The same of Understudy's settings. */
  readonly settings?: CallPathResult;
  readonly failover?: FailoverResult;
  readonly peers?: PeersResult;
  readonly recovery?: SheetResult;
  readonly events?: SheetResult;
  readonly catalog?: SheetResult;
  readonly pick?: SheetResult;
  readonly agent?: SheetResult;
  readonly leak?: SheetResult;
}

export function circumstances(command: string, consul: string): Circumstances {
  const [first] = cpus();
  return {
    command,
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    node: process.version,
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(1)),
    consul,
  };
}

/** What stands in the file, or nothing when there is none. */
export function readResults(file: string): Results {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {};
}
