/** The figures as tables for a terminal. */
import Table from 'cli-table3';
import type { CallPathResult, FailoverResult, Spread } from './results';

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

export function failoverTable({ rows }: FailoverResult): string {
  const table = new Table({
    head: ['fault', 'runs', 'gap ms', 'pause ms', 'safe lost', 'unsafe failed', 'attempts before', 'p99 x'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    table.push([
      row.fault,
      row.runs,
      row.gapMs === null ? 'never' : `${spread(row.gapMs)}${row.never > 0 ? `, never ${row.never}` : ''}`,
      spread(row.pauseMs),
      spread(row.safeLost),
      spread(row.unsafeFailed),
      spread(row.steadyAttemptsPerCall),
      spread(row.p99Ratio),
    ]);
  }
  return table.toString();
}

/** `median (max)`. */
export function spread({ median, max }: Spread): string {
  return `${median} (${max})`;
}
