/** The figures as tables for a terminal. */
import Table from 'cli-table3';
import { CALLERS, FAULTS, type CallerName, type FaultName } from './failover-plan';
import type {
  CallPathResult,
  CallPathRow,
  FailoverResult,
  FailoverRow,
  FaultRow,
  PeerRow,
  PeersResult,
  Ratio,
  SheetResult,
  Spread,
} from './results';
import type { SheetPart } from './sheet-part';

interface Cells {
  readonly head: readonly string[];
  readonly body: readonly (readonly (string | number)[])[];
}
/** Head of each column, and its cell. */
type Columns<Row> = readonly (readonly [string, (row: Row) => string | number])[];

function cellsOf<Row>(columns: Columns<Row>, rows: readonly Row[]): Cells {
  return { head: columns.map(([head]) => head), body: rows.map((row) => columns.map(([, cell]) => cell(row))) };
}

const CALL_PATH_COLUMNS: Columns<CallPathRow> = [
  ['at once', ({ concurrency }) => concurrency],
  ['variant', ({ variant }) => variant],
  ['rounds', ({ rounds }) => rounds],
  ['calls/s', ({ callsPerSecond }) => callsPerSecond],
  ['p50 ms', ({ p50Ms }) => p50Ms.toFixed(2)],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(2)],
  ['CPU ms', ({ cpuMsPer1000 }) => cpuMsPer1000.toFixed(1)],
  ['calls/s x', ({ callsRatio }) => ratio(callsRatio)],
  ['p50 x', ({ p50Ratio }) => ratio(p50Ratio)],
  ['p99 x', ({ p99Ratio }) => ratio(p99Ratio)],
  ['CPU x', ({ cpuRatio }) => ratio(cpuRatio)],
  ['attempts', ({ attemptsPerCall }) => attemptsPerCall.toFixed(3)],
];

export function callPathCells({ rows }: CallPathResult): Cells {
  return cellsOf(CALL_PATH_COLUMNS, rows);
}

export function callPathTable(result: CallPathResult): string {
  const { head, body } = callPathCells(result);
  return terminalTable(head, body);
}

const FAILOVER_COLUMNS: Columns<FailoverRow> = [
  ['fault', ({ fault }) => fault],
  ['runs', ({ runs }) => runs],
  ['gap ms', gap],
  ['noticed ms', ({ noticedMs }) => (noticedMs === null ? '' : spread(noticedMs))],
  ['pause ms', ({ pauseMs }) => spread(pauseMs)],
  ['safe lost', ({ safeLost }) => spread(safeLost)],
  ['unsafe failed', ({ unsafeFailed }) => spread(unsafeFailed)],
  ['attempts', ({ steadyAttemptsPerCall }) => spread(steadyAttemptsPerCall)],
  ['in all', ({ attemptsPerCall }) => spread(attemptsPerCall)],
  ['p99', ({ p99Ratio }) => `${spread(p99Ratio)} x`],
];

export function failoverCells({ rows }: FailoverResult): Cells {
  return cellsOf(FAILOVER_COLUMNS, rows);
}

export function failoverTable(result: FailoverResult): string {
  const { head, body } = failoverCells(result);
  return terminalTable(head, body);
}

/** What is compared with the peers, each in a table of its own. */
export const PEER_FIGURES: readonly (readonly [string, (row: PeerRow) => string])[] = [
  ['Gap, ms', gap],
  ['Safe calls lost', ({ safeLost }) => spread(safeLost)],
  ['Unsafe calls that failed', ({ unsafeFailed }) => spread(unsafeFailed)],
  ['Unsafe calls executed twice', ({ executedTwice }) => spread(executedTwice)],
];

export function peersTables(result: PeersResult): string {
  const tables = PEER_FIGURES.map(([title, figure]) => {
    const { head, body } = peerCells(result, figure);
    return `${title}\n${terminalTable(head, body)}`;
  });
  return tables.join('\n');
}

/** A line for each caller, a column for each fault; what was not installed stays in the table. */
export function peerCells(
  { rows, absent }: PeersResult,
  figure: (row: PeerRow) => string,
): { readonly head: readonly string[]; readonly body: readonly (readonly string[])[] } {
  const faults = FAULTS.filter((name) => rows.some(({ fault }) => fault === name));
  const callers = CALLERS.filter(
    (name) => absent.some((one) => one === name) || rows.some(({ caller }) => caller === name),
  );
  const cell = (name: CallerName, of: FaultName): string => {
    const row = rows.find(({ caller, fault }) => caller === name && fault === of);
    return row === undefined ? 'absent' : figure(row);
  };
  return { head: ['caller', ...faults], body: callers.map((name) => [name, ...faults.map((of) => cell(name, of))]) };
}

export function sheetTable({ columns }: SheetPart, { rows }: SheetResult): string {
  return terminalTable(Object.values(columns), sheetCells(columns, rows));
}

export function sheetCells(columns: SheetPart['columns'], rows: SheetResult['rows']): (string | number)[][] {
  return rows.map((row) => Object.keys(columns).map((key) => row[key] ?? '-'));
}

function terminalTable(head: readonly string[], body: readonly (readonly (string | number)[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  for (const row of body) table.push([...row]);
  return table.toString();
}

/** `median (max)`. */
function spread({ median, max }: Spread): string {
  return `${median} (${max})`;
}

function ratio({ median, margin }: Ratio): string {
  return `${median.toFixed(2)} ± ${margin.toFixed(2)}`;
}

/** `median (max)` of the runs that saw a good call, and how many did not. */
function gap({ gapMs, never }: FaultRow): string {
  if (gapMs === null) return 'never';
  return never === 0 ? spread(gapMs) : `${spread(gapMs)}, never in ${never}`;
}
