/** The figures as tables for a terminal. */
import Table from 'cli-table3';
import type { CallPathResult } from './results';

export function callPathTable({ rows }: CallPathResult): string {
  const table = new Table({
    head: ['at once', 'variant', 'calls/s', 'p50 ms', 'p99 ms', 'CPU ms/1000', 'calls x', 'p99 x', 'CPU x', 'attempts'],
    style: { head: [], border: [], compact: true },
    colAligns: ['right', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const row of rows) {
    table.push([
      row.concurrency,
      row.variant,
      row.callsPerSecond,
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      row.cpuMsPer1000.toFixed(1),
      row.callsRatio.toFixed(2),
      row.p99Ratio.toFixed(2),
      row.cpuRatio.toFixed(2),
      row.attemptsPerCall.toFixed(3),
    ]);
  }
  return table.toString();
}
