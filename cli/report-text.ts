/**
 * Says the figures of a report in rows: for the terminal, and for the tables of the HTML form. Pure.
 */
import type { RatioRow, ServiceReport, Times } from '../core/measure/service-report';
import type { Ratio } from '../core/measure/wilson';
import { columns, tookText } from './printable';

/** A figure, its value, and what it rests on. */
export type FigureRow = readonly [name: string, value: string, basis: string];

export function reportText(report: ServiceReport): string {
  const heading = `${report.service}, ${spanText(report)}`;
  const ratios = [
    ratioTable(['METHOD', 'CALLS', 'FAILURES', 'PF', 'R'], report.byMethod),
    ratioTable(['INSTANCE', 'ATTEMPTS', 'FAILURES', 'PF', 'R'], report.byInstance),
  ].filter((rows) => rows.length > 1);
  const parts = [callRows(report), ...ratios, timeRows(report), instanceRows(report)].map((rows) => columns(rows));
  return [heading, ...parts].join('\n\n');
}

export function spanText({ sinceUnixMs, nowUnixMs }: ServiceReport): string {
  const time = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 19).replace('T', ' ');
  return `${time(sinceUnixMs)} to ${time(nowUnixMs)} UTC`;
}

export function callRows({ calls }: ServiceReport): readonly FigureRow[] {
  if (calls.calls === 0)
    return [['calls', 'none told', 'callers tell their agent where registerUnderstudy has reportTo']];
  const { failuresSeen, failuresHidden, failure, seen, processed, t } = calls;
  const failures = failuresSeen + failuresHidden;
  return [
    ['calls', String(calls.calls), `${calls.attempts} attempts`],
    ['failures', String(failures), `${failuresHidden} made good, ${failuresSeen} seen by callers`],
    ['Pf, failures / calls', share(calls.pf), interval(failure)],
    ['R, 1 - Pf', share(calls.r), interval(complement(failure))],
    ['Tp, made good / failures', share(calls.tp), interval(processed)],
    ['T, calls / failures', t === null ? 'no failure' : t.toFixed(1), reach(failure)],
    ['seen by callers / calls', share(seen.value), interval(seen)],
  ];
}

export function timeRows(report: ServiceReport): readonly FigureRow[] {
  return [
    times('time to detect', report.detect, 'no fault is on record'),
    times('time to switch', report.switch, 'no client told of a failover'),
    times('time to recover', report.recover, 'no recovery is on record'),
    times('time to rejoin', report.rejoin, 'no return is on record'),
    times('time to fail back', report.failback, 'no client told of a failback'),
  ];
}

export function instanceRows({
  instances,
  outages,
  availability,
  mtbfMs,
  mttrMs,
}: ServiceReport): readonly FigureRow[] {
  const basis = `${plural(outages, 'outage')} of ${plural(instances, 'instance')}`;
  return [
    ['MTBF of an instance', mtbfMs === null ? 'no failure' : tookText(mtbfMs), basis],
    ['MTTR', mttrMs === null ? 'no recovery' : tookText(mttrMs), basis],
    ['availability of an instance', share(availability), 'of the time in which its agent looked'],
  ];
}

/** One row each below the heading: R with the bounds between which it lies by 95 %. */
export function ratioTable(heading: readonly string[], rows: readonly RatioRow[]): readonly (readonly string[])[] {
  return [
    heading,
    ...rows.map(({ name, failures, failure }) => [
      ...[name, String(failure.of), String(failures), share(failure.value)],
      `${share(failure.value === null ? null : 1 - failure.value)} (${share(1 - failure.high)} to ${share(1 - failure.low)})`,
    ]),
  ];
}

function times(name: string, measured: Times | null, why: string): FigureRow {
  if (measured === null) return [name, '-', `not measured: ${why}`];
  const { of, median, p95, max } = measured;
  return [name, tookText(median), `p95 ${tookText(p95)}, max ${tookText(max)}, of ${of}`];
}

/** Enough digits to tell four nines from five. */
function share(value: number | null): string {
  return value === null ? '-' : `${(value * 100).toFixed(4)} %`;
}

function interval({ of, low, high }: Ratio): string {
  return of === 0 ? 'not measured' : `95 % sure: ${share(low)} to ${share(high)}, of ${of}`;
}

function complement({ of, value, low, high }: Ratio): Ratio {
  return { of, value: value === null ? null : 1 - value, low: 1 - high, high: 1 - low };
}

/** T is the inverse of Pf, and so are the bounds. */
function reach({ of, low, high }: Ratio): string {
  if (of === 0) return 'not measured';
  return low === 0
    ? `95 % sure: more than ${(1 / high).toFixed(1)}`
    : `95 % sure: ${(1 / high).toFixed(1)} to ${(1 / low).toFixed(1)}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
