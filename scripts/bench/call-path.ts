/**
 * What a call costs when nothing is wrong: every variant in processes of its own, all alive, one measured at a time.
 * Each round gives each variant its turn, in another order, so that a busy minute of the machine falls upon all; only
 * ratios within a round are compared.
 */
import type { Cleanup } from '../quickstart/cleanup';
import {
  EQUALS,
  PAIR,
  VARIANTS,
  type CallPathTargets,
  type Round,
  type RoundRequest,
  type VariantName,
} from './call-path-variants';
import { leaveFirstCpu, takeFirstCpu } from './own-cpu';
import { findProxy, startProxy } from './proxies';
import { PROXY_PROGRAMS } from './proxy-configs';
import { circumstances, type CallPathResult, type CallPathRow } from './results';
import { Site } from './site';
import { median, rounded } from './statistics';
import { startWorker, type Worker } from './worker-link';

export interface CallPathOptions {
  readonly command: string;
  readonly rounds: number;
  /** Of each variant in each round. */
  readonly callsPerRound: number;
  readonly concurrencies: readonly number[];
  /** Processes of each variant, which take turns: the luck of a process is a tenth. */
  readonly copies: number;
}

/**
 * What each process does before its first call that counts, as a share of the calls that count at one concurrency: until
 * some 15,000 calls its compilers are still at work.
 */
const FIRST_WARM_UP = { share: 2 / 3, concurrency: 64 };
/** And before the first of each concurrency. */
const WARM_UP_SHARE = 1 / 15;

/** The processes of each variant. */
type Callers = ReadonlyMap<VariantName, readonly Worker<RoundRequest, Round>[]>;
/** Of one concurrency, in one round. */
type RoundOfAll = ReadonlyMap<VariantName, Round>;

export async function benchCallPath(
  options: CallPathOptions,
  cleanup: Cleanup,
  say: (line: string) => void,
): Promise<CallPathResult> {
  const pinned = leaveFirstCpu(cleanup);
  const site = await Site.start(cleanup, say);
  const where = circumstances(options.command, site.consul.version);
  const { targets, absent } = await serve(site);
  for (const name of absent) say(`${name} is not installed: the bench goes on without it`);
  const callers = await startCallers(site, targets, options.copies);
  if (pinned) for (const { child } of [...callers.values()].flat()) takeFirstCpu(child.pid ?? 0);
  const warmUp = async (concurrency: number, share: number): Promise<void> => {
    const request = { concurrency, calls: Math.ceil(share * options.rounds * options.callsPerRound) };
    for (let copy = 0; copy < options.copies; copy += 1) await oneRound(callers, request, copy);
  };
  await warmUp(FIRST_WARM_UP.concurrency, FIRST_WARM_UP.share);
  const rows: CallPathRow[] = [];
  for (const concurrency of options.concurrencies) {
    await warmUp(concurrency, WARM_UP_SHARE);
    const rounds: RoundOfAll[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      rounds.push(await oneRound(callers, { concurrency, calls: options.callsPerRound }, round));
    }
    for (const variant of callers.keys()) rows.push(rowOf(variant, concurrency, rounds));
    say(`call path: ${options.rounds} rounds at concurrency ${concurrency} are done`);
  }
  const { rounds, callsPerRound, copies } = options;
  return { ...where, rounds, callsPerRound, copies, pinned, absent, rows };
}

async function serve(site: Site): Promise<{ targets: CallPathTargets; absent: readonly string[] }> {
  const [primary, backup] = await Promise.all([
    site.startCalculator('calculator-1'),
    site.startCalculator('calculator-2'),
  ]);
  for (const [tier, { instance, port }] of [primary, backup].entries()) {
    await site.register(PAIR, instance, port, tier);
    await site.register(EQUALS, instance, port, 0);
  }
  const at = { primary: `127.0.0.1:${primary.port}`, backup: `127.0.0.1:${backup.port}` };
  const proxies = { haproxy: '', nginx: '' };
  const absent: string[] = [];
  for (const name of PROXY_PROGRAMS) {
    const installed = await findProxy(name);
    if (installed === undefined) {
      absent.push(name);
      continue;
    }
    const proxy = await startProxy(installed, 'default', at, site.folder);
    site.own(proxy.child);
    proxies[name] = proxy.address;
  }
  return { targets: { ...at, ...proxies, consul: site.consul.address }, absent };
}

async function startCallers(site: Site, targets: CallPathTargets, each: number): Promise<Callers> {
  const callers = new Map<VariantName, Worker<RoundRequest, Round>[]>();
  for (const variant of VARIANTS) {
    if (variant === 'HAProxy' && targets.haproxy === '') continue;
    if (variant === 'nginx' && targets.nginx === '') continue;
    const copies: Worker<RoundRequest, Round>[] = [];
    while (copies.length < each) {
      const caller = await startWorker<RoundRequest, Round>('call-path-worker', [variant, JSON.stringify(targets)]);
      site.own(caller.child);
      copies.push(caller);
    }
    callers.set(variant, copies);
  }
  return callers;
}

async function oneRound(callers: Callers, request: RoundRequest, round: number): Promise<RoundOfAll> {
  const turns = [...callers];
  const first = round % turns.length;
  const measured = new Map<VariantName, Round>();
  for (const [variant, copies] of [...turns.slice(first), ...turns.slice(0, first)]) {
    const caller = copies[round % copies.length];
    if (caller !== undefined) measured.set(variant, await caller.ask(request));
  }
  return measured;
}

function rowOf(variant: VariantName, concurrency: number, rounds: readonly RoundOfAll[]): CallPathRow {
  const middle = (of: (one: Round, raw: Round) => number, digits: number): number => {
    const values = rounds.flatMap((round) => {
      const one = round.get(variant);
      const raw = round.get('raw');
      return one === undefined || raw === undefined ? [] : [of(one, raw)];
    });
    return rounded(median(values), digits);
  };
  return {
    variant,
    concurrency,
    callsPerSecond: middle((one) => one.callsPerSecond, 0),
    p50Ms: middle((one) => one.p50Ms, 2),
    p99Ms: middle((one) => one.p99Ms, 2),
    cpuMsPer1000: middle((one) => one.cpuMsPer1000, 1),
    attemptsPerCall: middle((one) => one.attemptsPerCall, 4),
    callsRatio: middle((one, raw) => one.callsPerSecond / raw.callsPerSecond, 3),
    p50Ratio: middle((one, raw) => one.p50Ms / raw.p50Ms, 3),
    p99Ratio: middle((one, raw) => one.p99Ms / raw.p99Ms, 3),
    cpuRatio: middle((one, raw) => one.cpuMsPer1000 / raw.cpuMsPer1000, 3),
  };
}
