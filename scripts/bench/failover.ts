/**
 * What a fault costs: an open loop of calls on one primary and one backup with the client's defaults, and one fault per
 * run. The kinds take turns, so that a busy minute of the machine falls upon all. Each run has a primary and a client of
 * its own.
 */
import { credentials } from '@grpc/grpc-js';
import { FaultsClient } from '../../proto/calculator';
import type { Cleanup } from '../quickstart/cleanup';
import {
  FAULTS,
  LOAD,
  monotonicMs,
  type FailbackTold,
  type FailoverQuestion,
  type FaultName,
  type OneFailover,
} from './failover-plan';
import { circumstances, type FailoverResult, type FailoverRow, type Spread } from './results';
import { Site, type Calculator } from './site';
import { median, rounded } from './statistics';
import type { RelayAnswer, RelayQuestion } from './tcp-relay';
import { startWorker, type Worker } from './worker-link';

export interface FailoverOptions {
  readonly command: string;
  /** Of each fault. */
  readonly runs: number;
}

/** The first calls wait for connections: they are no standard. */
const SETTLE_MS = 1_000;
const STEADY_MS = 2_000;
const AFTERMATH_MS = 2_000;
const DEAD_MS = 500;
const FAILBACK_MS = 30_000;
const FLAGS = ['--allow-faults', '--service-time-ms', String(LOAD.serviceTimeMs)];
const BACKUP = 'backup';
const PRIMARY = 'primary';

export async function benchFailover(
  options: FailoverOptions,
  cleanup: Cleanup,
  say: (line: string) => void,
): Promise<FailoverResult> {
  const site = await Site.start(cleanup, say);
  const where = circumstances(options.command, site.consul.version);
  const backup = await site.startCalculator(BACKUP, FLAGS);
  const callers = await startWorker<FailoverQuestion, object>('failover-worker');
  site.own(callers.child);
  const measured = new Map<FaultName, OneFailover[]>(FAULTS.map((fault) => [fault, []]));
  for (let run = 1; run <= options.runs; run += 1) {
    for (const [at, fault] of FAULTS.entries()) {
      measured.get(fault)?.push(await new Run(site, backup, callers, `bench-${run}-${at}`).of(fault));
    }
    say(`failover: ${run} of ${options.runs} runs of each fault are done`);
  }
  const rows = [...measured].map(([fault, runs]) => rowOf(fault, runs));
  const { callsPerSecond, serviceTimeMs, deadlineMs } = LOAD;
  return { ...where, callsPerSecond, serviceTimeMs, deadlineMs, rows };
}

class Run {
  constructor(
    private readonly site: Site,
    private readonly backup: Calculator,
    private readonly callers: Worker<FailoverQuestion, object>,
    private readonly service: string,
  ) {}

  async of(fault: FaultName): Promise<OneFailover> {
    const primary = await this.site.startCalculator(PRIMARY, FLAGS);
    const relay = fault === 'packets dropped' ? await this.startRelay(primary.port) : undefined;
    await this.site.register(this.service, PRIMARY, relay?.port ?? primary.port, 0);
    await this.site.register(this.service, BACKUP, this.backup.port, 1);
    try {
      await this.callers.ask({ ask: 'open', service: this.service, consul: this.site.consul.address });
      for (const ms of [SETTLE_MS, STEADY_MS]) {
        await pause(ms);
        await this.callers.ask({ ask: 'mark' });
      }
      if (fault === 'failback') return await this.failback(primary);
      const faultMs = monotonicMs();
      await strike(fault, primary, relay);
      await pause(AFTERMATH_MS);
      return await this.close(faultMs, 0, BACKUP);
    } finally {
      primary.child.kill('SIGKILL');
      await relay?.stop();
    }
  }

  /** Only the way back counts: what the kill cost before it stands in a row of its own. */
  private async failback(primary: Calculator): Promise<OneFailover> {
    primary.child.kill('SIGKILL');
    await pause(DEAD_MS);
    const again = await this.site.startCalculator(PRIMARY, [...FLAGS, '--port', String(primary.port)]);
    const backMs = monotonicMs();
    try {
      const told = (await this.callers.ask({ ask: 'failback', timeoutMs: FAILBACK_MS })) as FailbackTold;
      await pause(AFTERMATH_MS);
      return await this.close(told.atMs ?? backMs, backMs, PRIMARY);
    } finally {
      again.child.kill('SIGKILL');
    }
  }

  private async close(faultMs: number, countFromMs: number, to: string): Promise<OneFailover> {
    return (await this.callers.ask({ ask: 'close', faultMs, countFromMs, to })) as OneFailover;
  }

  private async startRelay(target: number): Promise<Relay> {
    const worker = await startWorker<RelayQuestion, RelayAnswer>('tcp-relay');
    this.site.own(worker.child);
    const { port } = await worker.ask({ ask: 'open', port: target });
    return { port, lose: () => worker.ask({ ask: 'lose' }), stop: () => worker.stop() };
  }
}

interface Relay {
  readonly port: number;
  lose(): Promise<unknown>;
  stop(): Promise<void>;
}

async function strike(fault: Exclude<FaultName, 'failback'>, primary: Calculator, relay?: Relay): Promise<void> {
  switch (fault) {
    case 'kill -9':
      primary.child.kill('SIGKILL');
      return;
    case 'SIGSTOP':
    case 'SIGTERM':
      primary.child.kill(fault);
      return;
    case 'packets dropped':
      await relay?.lose();
      return;
    case 'every call UNAVAILABLE':
      return setFault(primary.port, 'UNAVAILABLE');
    case 'NOT_SERVING':
      return setFault(primary.port, 'NOT_SERVING');
  }
}

function setFault(port: number, kind: 'UNAVAILABLE' | 'NOT_SERVING'): Promise<void> {
  const client = new FaultsClient(`127.0.0.1:${port}`, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.SetFault({ kind }, (error) => {
      client.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function rowOf(fault: FaultName, runs: readonly OneFailover[]): FailoverRow {
  const of = (figure: (one: OneFailover) => number, digits: number): Spread => spreadOf(runs.map(figure), digits);
  const gaps = runs.map(({ gapMs }) => gapMs).filter((gapMs) => gapMs !== null);
  return {
    fault,
    runs: runs.length,
    gapMs: gaps.length === 0 ? null : spreadOf(gaps, 1),
    never: runs.length - gaps.length,
    pauseMs: of(({ pauseMs }) => pauseMs, 1),
    safeLost: of(({ safeLost }) => safeLost, 1),
    unsafeFailed: of(({ unsafeFailed }) => unsafeFailed, 1),
    steadyAttemptsPerCall: of(({ steadyAttemptsPerCall }) => steadyAttemptsPerCall, 3),
    attemptsPerCall: of(({ attemptsPerCall }) => attemptsPerCall, 3),
    p99Ratio: of(({ p99Ratio }) => p99Ratio, 2),
  };
}

function spreadOf(values: readonly number[], digits: number): Spread {
  return { median: rounded(median(values), digits), max: rounded(Math.max(...values), digits) };
}
