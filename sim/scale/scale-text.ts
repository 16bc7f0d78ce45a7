/**
 * What a run of a fleet says to people: one table of how soon clients act, and what it took.
 */
import type { WayReach } from './reach';
import { WAYS, type Way } from './rolling-failures';
import type { ScaleResult } from './run-scale';

const WORDS: Readonly<Record<Way, string>> = {
  dies: 'a process dies',
  hangs: 'a process hangs',
  dark: 'a machine is dark',
};

export interface Spread {
  readonly count: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export function scaleLines({ shape, machine, calls, reach, ...run }: ScaleResult): readonly string[] {
  const head = ['failure', 'times', 'clients', 'away ms: median', 'p99', 'max', 'back ms: median', 'p99', 'max'];
  const rows = WAYS.map((way) => cells(way, reach[way]));
  const widths = head.map((word, at) => Math.max(word.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ');
  const unnoticed = WAYS.reduce((sum, way) => sum + reach[way].unnoticed, 0);
  return [
    `${shape.instances} instances of ${shape.services} services, ${shape.clients} clients with ${shape.watches} watches, seed ${run.seed}`,
    line(head),
    ...rows.map(line),
    ...(unnoticed > 0 ? [`${unnoticed} clients noticed nothing before the instance was back`] : []),
    `${calls.all} calls, ${calls.lostSafe} safe ones lost, ${calls.failedUnsafe} unsafe ones failed`,
    `${run.events} events, ${run.simulatedMs / 1_000} s of simulated time, in ${machine.tookS.toFixed(1)} s: ` +
      `${Math.round(machine.eventsPerS)} a second; heap ${Math.round(machine.heapMb)} MB, memory ${Math.round(machine.rssMb)} MB at most`,
    `${run.missing === '' ? 'everything converged' : `NOT CONVERGED: ${run.missing}`}; fingerprint ${run.fingerprint}`,
  ];
}

/** The same for machines: spreads in place of the samples. */
export function scaleFigures({ reach, ...rest }: ScaleResult): object {
  const spreads = WAYS.map((way) => {
    const { failures, unnoticed, leaveMs, returnMs } = reach[way];
    return [way, { failures, unnoticed, away: spreadOf(leaveMs), back: spreadOf(returnMs) }] as const;
  });
  return { ...rest, reach: Object.fromEntries(spreads) };
}

function cells(way: Way, { failures, leaveMs, returnMs }: WayReach): readonly string[] {
  const away = spreadOf(leaveMs);
  return [WORDS[way], String(failures), String(away.count), ...texts(away), ...texts(spreadOf(returnMs))];
}

function texts({ count, medianMs, p99Ms, maxMs }: Spread): readonly string[] {
  return [medianMs, p99Ms, maxMs].map((ms) => (count === 0 ? '-' : ms.toFixed(ms < 10 ? 1 : 0)));
}

/** By nearest rank. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { count: sorted.length, medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
