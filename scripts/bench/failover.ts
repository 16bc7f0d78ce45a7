/**
 * What a fault costs: an open loop of calls on one primary and one backup, one fault per run, with Understudy's defaults and
 * with each of its peers. The faults and the callers take turns, so that a busy minute of the machine falls upon all.
 */
import type { Cleanup } from '../quickstart/cleanup';
import { LOAD, UNDERSTUDY, type FailoverQuestion, type FaultName, type PeerName } from './failover-plan';
import { failoverRows, peerRows, type RunOf } from './failover-rows';
import { BACKUP, calculatorFlags, Run, type RunTimes, type Stage, type Way } from './failover-run';
import { findProxy } from './proxies';
import type { ProxyKind, ProxyProgram } from './proxy-configs';
import { circumstances, type FailoverResult, type PeersResult } from './results';
import { Site } from './site';
import { startWorker } from './worker-link';

export interface FailoverOptions {
  readonly command: string;
  /** Of each fault with Understudy. */
  readonly runs: number;
  /** Of each fault with each peer; spread evenly over the others. */
  readonly peerRuns: number;
  readonly faults: readonly FaultName[];
  readonly peers: readonly PeerName[];
  readonly quick: boolean;
}

export interface FailoverResults {
  readonly failover: FailoverResult;
  readonly peers: PeersResult;
}

/** A call that hangs fails at its deadline: who is calm before that has seen nothing. */
const FULL: RunTimes = { settleMs: 1_000, steadyMs: 2_000, calmMs: 1_500, watchMs: 6_500, failbackMs: 30_000 };
/** What was steady before is not shown of peers; nginx tries a failed server again after 10 s. */
const OF_PEERS: RunTimes = { ...FULL, steadyMs: 100, failbackMs: 10_000 };
const QUICK: RunTimes = { settleMs: 500, steadyMs: 500, calmMs: 1_200, watchMs: 2_500, failbackMs: 5_000 };

const PROXIED: ReadonlyMap<string, readonly [ProxyProgram, ProxyKind]> = new Map([
  ['HAProxy', ['haproxy', 'default']],
  ['HAProxy tuned', ['haproxy', 'tuned']],
  ['nginx', ['nginx', 'default']],
  ['nginx tuned', ['nginx', 'tuned']],
]);

export async function benchFailover(
  options: FailoverOptions,
  cleanup: Cleanup,
  say: (line: string) => void,
): Promise<FailoverResults> {
  const site = await Site.start(cleanup, say);
  const where = circumstances(options.command, site.consul.version);
  const { ways, absent } = await findWays(options.peers);
  for (const name of absent) say(`${name} is not installed: the bench goes on without it`);
  const backup = await site.startCalculator(BACKUP, calculatorFlags(site, BACKUP));
  const callers = await startWorker<FailoverQuestion, object>('failover-worker');
  site.own(callers.child);
  const runs = await allRuns(options, ways, { site, backup, callers }, say);
  const { callsPerSecond, serviceTimeMs, deadlineMs } = LOAD;
  const { calmMs, watchMs } = options.quick ? QUICK : FULL;
  return {
    failover: { ...where, callsPerSecond, serviceTimeMs, deadlineMs, rows: failoverRows(runs) },
    peers: { ...where, calmMs, watchMs, absent, rows: peerRows(runs) },
  };
}

async function findWays(peers: readonly PeerName[]): Promise<{ ways: readonly Way[]; absent: readonly PeerName[] }> {
  const ways: Way[] = [{ caller: UNDERSTUDY }];
  const absent: PeerName[] = [];
  for (const caller of peers) {
    const [program, kind] = PROXIED.get(caller) ?? [];
    if (program === undefined || kind === undefined) {
      ways.push({ caller });
      continue;
    }
    const installed = await findProxy(program);
    if (installed === undefined) absent.push(caller);
    else ways.push({ caller, proxy: { installed, kind } });
  }
  return { ways, absent };
}

async function allRuns(
  { faults, runs, peerRuns, quick }: FailoverOptions,
  ways: readonly Way[],
  stage: Omit<Stage, 'times'>,
  say: (line: string) => void,
): Promise<readonly RunOf[]> {
  const measured: RunOf[] = [];
  // What all runs share is cold in the first one, so that one does not count.
  if (!quick) await new Run({ ...stage, times: QUICK }, { caller: UNDERSTUDY }, 'bench-warm-up').of('kill -9');
  const turns = Math.max(runs, peerRuns);
  for (let turn = 1; turn <= turns; turn += 1) {
    for (const [row, fault] of faults.entries()) {
      for (const [column, way] of ways.entries()) {
        const isPeer = way.caller !== UNDERSTUDY;
        if (!hasItsTurn(turn, turns, isPeer ? peerRuns : runs)) continue;
        const times = quick ? QUICK : isPeer ? OF_PEERS : FULL;
        const run = new Run({ ...stage, times }, way, `bench-${turn}-${row}-${column}`);
        measured.push({ caller: way.caller, fault, ...(await run.of(fault)) });
      }
    }
    say(`failover: ${turn} of ${turns} turns of all faults are done`);
  }
  return measured;
}

/** Spreads `runs` evenly over the turns. */
function hasItsTurn(turn: number, turns: number, runs: number): boolean {
  return Math.floor((turn * runs) / turns) > Math.floor(((turn - 1) * runs) / turns);
}
