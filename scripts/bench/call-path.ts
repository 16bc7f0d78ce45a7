/**
 * What a call costs when nothing is wrong: every variant in processes of its own, one measured at a time. Each round gives
 * its variants their turns, in another order, so that a busy minute of the machine falls upon all; only ratios within a round
 * are compared. A process has its own luck, which rounds do not make up for: so there are several generations of them, few at
 * a time. Understudy is to be told from the raw channel closely, so these two are in each generation, and the others in some.
 */
import type { Cleanup } from '../quickstart/cleanup';
import {
  EQUALS,
  PAIR,
  type CallPathTargets,
  type Round,
  type RoundRequest,
  type VariantName,
} from './call-path-variants';
import { leaveFirstCpu, takeFirstCpu } from './own-cpu';
import { findProxy, startProxy } from './proxies';
import { PROXY_PROGRAMS, type ProxyProgram } from './proxy-configs';
import { circumstances, type CallPathResult, type CallPathRow, type Ratio } from './results';
import { Site } from './site';
import { marginOfGroups, median, rounded } from './statistics';
import { startWorker, type Worker } from './worker-link';

export interface CallPathOptions {
  readonly command: string;
  /** `raw` among them. */
  readonly variants: readonly VariantName[];
  readonly rounds: number;
  /** Of each variant in each round; with many at once a round is longer, and there are fewer. */
  readonly callsPerRound: number;
  readonly concurrencies: readonly number[];
  /** How often all processes are started anew; the rounds are shared out among them. */
  readonly generations: number;
  /** Processes of each variant in a generation, which take turns. */
  readonly copies: number;
  /**
   * Calls of each process before its first one that counts, while its compilers are at work. They bring Understudy nearer to
   * raw for long: with 16 at once it cost a sixth more after 6,000 calls, and still went down after 30,000.
   */
  readonly warmUpCalls: number;
}

/** So many at once before the first call that counts. */
const FIRST_WARM_UP_CONCURRENCY = 64;
/** Of those calls, as many again before the first of each concurrency. */
const WARM_UP_SHARE = 1 / 30;
/** A shorter round is mostly its beginning and its end. */
const CALLS_OF_EACH_AT_ONCE = 4;
const FEWEST_ROUNDS = 15;
const CLOSELY: readonly VariantName[] = ['raw', 'Understudy'];
/** The others are in every fifth generation. */
const OTHERS_EVERY = 5;

const VARIANT_OF: Readonly<Record<ProxyProgram, VariantName>> = { haproxy: 'HAProxy', nginx: 'nginx' };

type Caller = Worker<RoundRequest, Round>;
/** The processes of each variant in one generation. */
type Callers = ReadonlyMap<VariantName, readonly Caller[]>;
/** What a process of a variant did in its turn; `copy`: which process of all generations. */
type Turn = Round & { readonly copy: number };
/** Of one concurrency, in one round. */
type RoundOfAll = ReadonlyMap<VariantName, Turn>;

export async function benchCallPath(
  options: CallPathOptions,
  cleanup: Cleanup,
  say: (line: string) => void,
): Promise<CallPathResult> {
  const pinned = leaveFirstCpu(cleanup);
  const site = await Site.start(cleanup, say);
  const where = circumstances(options.command, site.consul.version);
  const { targets, absent } = await serve(site, options.variants);
  for (const name of absent) say(`${name} is not installed: the bench goes on without it`);
  const missing = absent.map((name) => VARIANT_OF[name]);
  const present = options.variants.filter((variant) => !missing.includes(variant));
  const generations = Math.min(options.generations, options.rounds);
  const rounds = new Map(options.concurrencies.map((concurrency) => [concurrency, [] as RoundOfAll[]]));
  for (let generation = 0; generation < generations; generation += 1) {
    const withOthers = generation % OTHERS_EVERY === 0;
    const variants = present.filter((variant) => withOthers || CLOSELY.includes(variant));
    const callers = await startCallers(site, targets, variants, options.copies);
    const all = [...callers.values()].flat();
    if (pinned) for (const { child } of all) takeFirstCpu(child.pid ?? 0);
    await warmUp(all, FIRST_WARM_UP_CONCURRENCY, options.warmUpCalls);
    for (const [concurrency, done] of rounds) {
      await warmUp(all, concurrency, Math.ceil(WARM_UP_SHARE * options.warmUpCalls));
      const { calls, count } = roundsAt(concurrency, options);
      const until = Math.floor((count * (generation + 1)) / generations);
      while (done.length < until) {
        done.push(await oneRound(callers, { concurrency, calls }, generation, done.length));
      }
    }
    await Promise.all(all.map((caller) => caller.stop()));
    say(`call path: generation ${generation + 1} of ${generations} is done`);
  }
  const rows = [...rounds].flatMap(([concurrency, done]) =>
    present.map((variant) => rowOf(variant, concurrency, done)),
  );
  const { callsPerRound, copies, warmUpCalls } = options;
  return { ...where, callsPerRound, generations, copies, warmUpCalls, pinned, absent, rows };
}

async function warmUp(callers: readonly Caller[], concurrency: number, calls: number): Promise<void> {
  for (const caller of callers) await caller.ask({ concurrency, calls });
}

/** About as many calls at every concurrency. Short rounds lie close together, so that the same neighbours disturb them. */
function roundsAt(
  concurrency: number,
  { rounds, callsPerRound }: CallPathOptions,
): { readonly calls: number; readonly count: number } {
  const calls = Math.max(callsPerRound, CALLS_OF_EACH_AT_ONCE * concurrency);
  return { calls, count: Math.max(Math.min(rounds, FEWEST_ROUNDS), Math.round((rounds * callsPerRound) / calls)) };
}

async function serve(
  site: Site,
  variants: readonly VariantName[],
): Promise<{ targets: CallPathTargets; absent: readonly ProxyProgram[] }> {
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
  const absent: ProxyProgram[] = [];
  for (const name of PROXY_PROGRAMS) {
    if (!variants.includes(VARIANT_OF[name])) continue;
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

async function startCallers(
  site: Site,
  targets: CallPathTargets,
  variants: readonly VariantName[],
  each: number,
): Promise<Callers> {
  const startCopies = async (variant: VariantName): Promise<[VariantName, Caller[]]> => {
    const copies: Caller[] = [];
    while (copies.length < each) {
      const caller = await startWorker<RoundRequest, Round>('call-path-worker', [variant, JSON.stringify(targets)]);
      site.own(caller.child);
      copies.push(caller);
    }
    return [variant, copies];
  };
  return new Map(await Promise.all(variants.map(startCopies)));
}

/** Neither one's place nor whom one follows shall matter, and each process shall have had each place. */
async function oneRound(
  callers: Callers,
  request: RoundRequest,
  generation: number,
  round: number,
): Promise<RoundOfAll> {
  const each = callers.get('raw')?.length ?? 1;
  const lap = Math.floor(round / each);
  const turns = lap % 2 === 0 ? [...callers] : [...callers].reverse();
  const first = Math.floor(lap / 2) % turns.length;
  const copy = generation * each + (round % each);
  const measured = new Map<VariantName, Turn>();
  for (const [variant, copies] of [...turns.slice(first), ...turns.slice(0, first)]) {
    const caller = copies[round % each];
    if (caller !== undefined) measured.set(variant, { ...(await caller.ask(request)), copy });
  }
  return measured;
}

function rowOf(variant: VariantName, concurrency: number, rounds: readonly RoundOfAll[]): CallPathRow {
  const inEach = (of: (one: Turn, raw: Turn) => number): readonly { readonly copy: number; readonly value: number }[] =>
    rounds.flatMap((round) => {
      const one = round.get(variant);
      const raw = round.get('raw');
      return one === undefined || raw === undefined ? [] : [{ copy: one.copy, value: of(one, raw) }];
    });
  const middle = (of: (one: Round) => number, digits: number): number =>
    rounded(median(inEach(of).map(({ value }) => value)), digits);
  const ratio = (of: (one: Round) => number): Ratio => {
    const pairs = inEach((one, raw) => of(one) / of(raw));
    const copies = [...new Set(pairs.map(({ copy }) => copy))];
    const byCopy = copies.map((which) => pairs.flatMap(({ copy, value }) => (copy === which ? [value] : [])));
    return { median: rounded(median(byCopy.flat()), 3), margin: rounded(marginOfGroups(byCopy), 3) };
  };
  return {
    variant,
    concurrency,
    rounds: inEach(() => 0).length,
    callsPerSecond: middle((one) => one.callsPerSecond, 0),
    p50Ms: middle((one) => one.p50Ms, 2),
    p99Ms: middle((one) => one.p99Ms, 2),
    cpuMsPer1000: middle((one) => one.cpuMsPer1000, 1),
    attemptsPerCall: middle((one) => one.attemptsPerCall, 4),
    callsRatio: ratio((one) => one.callsPerSecond),
    p50Ratio: ratio((one) => one.p50Ms),
    p99Ratio: ratio((one) => one.p99Ms),
    cpuRatio: ratio((one) => one.cpuMsPer1000),
  };
}
