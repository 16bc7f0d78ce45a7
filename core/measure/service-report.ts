/**
 * The reliability of one service over a time: what its callers met, how long faults took, and how much of the time its
 * instances were fit. Every ratio comes with its sample size; what was not measured is null.
 */
import type { DownTime, Incident } from '../domain/incident-record';
import type { KeptMove, Move } from '../domain/move';
import { addTallies, NO_CALLS, type CallTally, type TallyMinute } from './call-tally';
import type { InstanceTally, MethodTallies } from './method-tally';
import { reliability, type ReliabilityFigures } from './reliability';
import { ratioOf, type Ratio } from './wilson';

/** How long one instance was looked at. */
export interface Observation {
  readonly instance: string;
  readonly sinceUnixMs: number;
}

export interface ReportInput {
  readonly service: string;
  readonly sinceUnixMs: number;
  readonly nowUnixMs: number;
  readonly minutes: readonly TallyMinute[];
  /** What callers told of methods, in the same time. */
  readonly methods: MethodTallies;
  readonly incidents: readonly Incident[];
  readonly observations: readonly Observation[];
  /** What clients told that they did, each move once. */
  readonly moves: readonly KeptMove[];
}

/** Of so many times; ms. */
export interface Times {
  readonly of: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

export interface CallFigures extends CallTally, Pick<ReliabilityFigures, 'pf' | 'r' | 'tp' | 't'> {
  /** Pf with its interval; a call counts once there, however often its attempts failed. */
  readonly failure: Ratio;
  /** Failures that reached the caller, of all calls. */
  readonly seen: Ratio;
  /** Tp with its interval. */
  readonly processed: Ratio;
}

export interface ServiceReport {
  readonly service: string;
  readonly sinceUnixMs: number;
  readonly nowUnixMs: number;
  readonly calls: CallFigures;
  readonly minutes: readonly TallyMinute[];
  /** Failures, seen and made good, of the calls of each method; by name. */
  readonly byMethod: readonly RatioRow[];
  /** Failed ones of the attempts at each instance; by id. */
  readonly byInstance: readonly RatioRow[];
  /** Since the first evidence: until it was certain, until the server was proven well, until the registry knew it. */
  readonly detect: Times | null;
  readonly recover: Times | null;
  readonly rejoin: Times | null;
  /** By the clients: since the first sign until the calls went to another tier, … */
  readonly switch: Times | null;
  /** … and since the better tier was fit again until they went back. An operator's orders count in neither. */
  readonly failback: Times | null;
  /** Over all instances; null where nothing was looked at, or nothing failed. */
  readonly instances: number;
  readonly outages: number;
  readonly availability: number | null;
  readonly mtbfMs: number | null;
  readonly mttrMs: number | null;
  readonly incidents: readonly Incident[];
}

/** Pf of one method or instance, with its sample and interval; R is 1 - Pf. */
export interface RatioRow {
  readonly name: string;
  readonly failures: number;
  readonly failure: Ratio;
}

interface Outage extends DownTime {
  readonly startUnixMs: number;
  readonly endUnixMs: number;
}

export function serviceReport(input: ReportInput): ServiceReport {
  const { service, sinceUnixMs, nowUnixMs, minutes, observations, incidents } = input;
  const outages = incidents
    .flatMap((incident) => outagesOf(incident, input))
    .filter(({ endUnixMs }) => endUnixMs > sinceUnixMs);
  const begun = outages.filter(({ startUnixMs }) => startUnixMs >= sinceUnixMs);
  const watchedMs = observations.reduce(
    (sum, one) => sum + Math.max(0, nowUnixMs - Math.max(sinceUnixMs, one.sinceUnixMs)),
    0,
  );
  const downMs = outages.reduce((sum, one) => sum + one.endUnixMs - Math.max(sinceUnixMs, one.startUnixMs), 0);
  const upMs = Math.max(0, watchedMs - downMs);
  const ended = begun.flatMap(({ fromMs, toMs }) => (toMs === undefined ? [] : [toMs - fromMs]));
  return {
    ...{ service, sinceUnixMs, nowUnixMs, minutes, incidents },
    calls: callFigures(minutes),
    byMethod: methodRows(input.methods),
    byInstance: instanceRows(input.methods),
    detect: timesOf(begun.map(({ fromMs, detectedMs }) => detectedMs - fromMs)),
    recover: timesOf(
      begun.flatMap(({ fromMs, verifiedMs }) => (verifiedMs === undefined ? [] : [verifiedMs - fromMs])),
    ),
    rejoin: timesOf(ended),
    switch: moveTimes(input, 'failover'),
    failback: moveTimes(input, 'failback'),
    instances: observations.length,
    outages: begun.length,
    availability: watchedMs === 0 ? null : upMs / watchedMs,
    mtbfMs: begun.length === 0 || watchedMs === 0 ? null : upMs / begun.length,
    mttrMs: ended.length === 0 ? null : ended.reduce((sum, ms) => sum + ms, 0) / ended.length,
  };
}

function outagesOf(
  { downTimes, startedUnixMs, phase, steps }: Incident,
  { nowUnixMs }: ReportInput,
): readonly Outage[] {
  // Nobody looked any longer when an incident was closed without a return.
  const lastUnixMs = phase === 'closed' ? (steps.at(-1)?.atUnixMs ?? startedUnixMs) : nowUnixMs;
  return downTimes.map((time) => ({
    ...time,
    startUnixMs: startedUnixMs + time.fromMs,
    endUnixMs: time.toMs === undefined ? lastUnixMs : startedUnixMs + time.toMs,
  }));
}

function callFigures(minutes: readonly TallyMinute[]): CallFigures {
  const { calls, attempts, failuresSeen, failuresHidden } = minutes.reduce<CallTally>(addTallies, NO_CALLS);
  const failures = failuresSeen + failuresHidden;
  const { pf, r, tp, t } = reliability(calls, failures, failuresHidden);
  return {
    ...{ calls, attempts, failuresSeen, failuresHidden, pf, r, tp, t },
    failure: ratioOf(Math.min(failures, calls), calls),
    seen: ratioOf(Math.min(failuresSeen, calls), calls),
    processed: ratioOf(failuresHidden, failures),
  };
}

function methodRows(methods: MethodTallies): readonly RatioRow[] {
  return Object.entries(methods)
    .map(([name, { calls, failuresSeen, failuresHidden }]) => rowOf(name, failuresSeen + failuresHidden, calls))
    .sort(byName);
}

function instanceRows(methods: MethodTallies): readonly RatioRow[] {
  const sums = new Map<string, InstanceTally>();
  for (const [id, { attempts, failures }] of Object.values(methods).flatMap((one) => Object.entries(one.instances))) {
    const sum = sums.get(id) ?? { attempts: 0, failures: 0 };
    sums.set(id, { attempts: sum.attempts + attempts, failures: sum.failures + failures });
  }
  return [...sums].map(([name, { attempts, failures }]) => rowOf(name, failures, attempts)).sort(byName);
}

/** A call whose attempts failed more than once counts once in the interval. */
function rowOf(name: string, failures: number, of: number): RatioRow {
  return { name, failures, failure: ratioOf(Math.min(failures, of), of) };
}

function byName(one: RatioRow, other: RatioRow): number {
  return one.name < other.name ? -1 : 1;
}

function moveTimes({ moves, sinceUnixMs }: ReportInput, kind: Move['kind']): Times | null {
  const own = moves.filter((move) => move.kind === kind && move.atUnixMs >= sinceUnixMs);
  return timesOf(own.flatMap(({ afterMs }) => (afterMs === undefined ? [] : [afterMs])));
}

/** Nearest rank: a time that was measured, never one between two. */
function timesOf(values: readonly number[]): Times | null {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return sorted.length === 0 ? null : { of: sorted.length, median: at(0.5), p95: at(0.95), max: at(1) };
}
