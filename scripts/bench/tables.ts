/** The figures as tables for a terminal. */
import Table from 'cli-table3';
import type { CallPathResult, FailoverResult, FailoverRow, SheetResult, Spread } from './results';
import type { SheetPart } from './sheet-part';

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
      gap(row),
      spread(row.pauseMs),
      spread(row.safeLost),
      spread(row.unsafeFailed),
      spread(row.steadyAttemptsPerCall),
      spread(row.p99Ratio),
    ]);
  }
  return table.toString();
}

export function sheetTable({ columns }: SheetPart, { rows }: SheetResult): string {
  const table = new Table({ head: Object.values(columns), style: { head: [], border: [], compact: true } });
  for (const row of sheetCells(columns, rows)) table.push(row);
  return table.toString();
}

export function sheetCells(columns: SheetPart['columns'], rows: SheetResult['rows']): (string | number)[][] {
  return rows.map((row) => Object.keys(columns).map((key) => row[key] ?? '-'));
}

/** `median (max)`. */
export function spread({ median, max }: Spread): string {
  return `${median} (${max})`;
}

/** `median (max)` of the runs that saw a good call, and how many did not. */
export function gap({ gapMs, never }: FailoverRow): string {
  if (gapMs === null) return 'never';
  return never === 0 ? spread(gapMs) : `${spread(gapMs)}, never in ${never}`;
}
