/** Draws the figures as SVG, by Vega-Lite. White ground, so that they can be read in dark mode too. */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { CALLERS, FAULTS, UNDERSTUDY } from './failover-plan';
import type { CallPathResult, FailoverResult, PeerRow, PeersResult, SheetResult, Spread } from './results';

const LOOK = { view: { stroke: null }, axis: { grid: true, gridColor: '#e4e4e4' }, font: 'sans-serif' };

/** Client CPU per call against the raw channel, one group of bars for each concurrency. */
export function callPathPlot({ rows }: CallPathResult): Promise<string> {
  return svgOf({
    background: 'white',
    title: 'Client CPU per call, raw grpc-js channel = 1 (less is better)',
    data: { values: rows.map((row) => ({ ...row })) },
    facet: { column: { field: 'concurrency', type: 'ordinal', title: 'calls at once' } },
    spec: {
      width: 150,
      layer: [
        {
          mark: 'bar',
          encoding: {
            x: { field: 'variant', type: 'nominal', sort: null, title: null, axis: { labelAngle: -45 } },
            y: { field: 'cpuRatio.median', type: 'quantitative', title: null },
            color: {
              condition: { test: "indexof(datum.variant, 'Understudy') === 0", value: '#2a6f97' },
              value: '#b8c4cc',
            },
          },
        },
        { mark: { type: 'rule', strokeDash: [4, 3] }, encoding: { y: { datum: 1 } } },
      ],
    },
    config: LOOK,
  });
}

/** The gap of each fault: the bar is the median, the tick the worst run. */
export function failoverPlot({ rows }: FailoverResult): Promise<string> {
  const values = rows.flatMap(({ fault, gapMs }) => (gapMs === null ? [] : [{ fault, ...gapMs }]));
  const y = { field: 'fault', type: 'nominal', sort: null, title: null };
  return svgOf({
    background: 'white',
    title: 'From the fault to the first good call, ms (bar: median, tick: worst run)',
    width: 520,
    height: { step: 26 },
    data: { values },
    layer: [
      {
        mark: { type: 'bar', color: '#2a6f97' },
        encoding: { y, x: { field: 'median', type: 'quantitative', title: 'ms' } },
      },
      {
        mark: { type: 'tick', color: '#c0392b', thickness: 2 },
        encoding: { y, x: { field: 'max', type: 'quantitative' } },
      },
    ],
    config: LOOK,
  });
}

/** The gap of each way of calling, a panel for each fault; the axis is logarithmic. */
export function peersGapPlot({ rows }: PeersResult): Promise<string> {
  const title = 'From the fault to the first good call, ms (dot: median, line: to the worst run)';
  return peersPlot(title, rows, ({ gapMs }) => gapMs, { type: 'log', domain: [1, 20_000] });
}

/** The safe calls that each way of calling lost, a panel for each fault. */
export function peersLostPlot({ rows }: PeersResult): Promise<string> {
  const title = 'Safe calls that failed (dot: median, line: to the worst run)';
  return peersPlot(title, rows, ({ safeLost }) => safeLost, { type: 'symlog' });
}

function peersPlot(
  title: string,
  rows: readonly PeerRow[],
  figure: (row: PeerRow) => Spread | null,
  scale: object,
): Promise<string> {
  const values = rows.map((row) => ({ caller: row.caller, fault: row.fault, never: 'never', ...figure(row) }));
  const y = { field: 'caller', type: 'nominal', sort: CALLERS, title: null };
  const color = { condition: { test: `datum.caller === '${UNDERSTUDY}'`, value: '#2a6f97' }, value: '#7f8c94' };
  const axis = { values: [0, 1, 10, 100, 1_000, 10_000] };
  const x = (field: string): object => ({ field, type: 'quantitative', scale, axis, title: null });
  return svgOf({
    background: 'white',
    title,
    data: { values },
    columns: 3,
    facet: { field: 'fault', type: 'nominal', sort: FAULTS, title: null },
    spec: {
      width: 200,
      height: { step: 18 },
      layer: [
        {
          transform: [{ filter: 'isValid(datum.median)' }],
          mark: { type: 'rule', strokeWidth: 2 },
          encoding: { y, color, x: x('median'), x2: { field: 'max' } },
        },
        {
          transform: [{ filter: 'isValid(datum.median)' }],
          mark: { type: 'point', filled: true, size: 60, opacity: 1 },
          encoding: { y, color, x: x('median') },
        },
        {
          transform: [{ filter: '!isValid(datum.median)' }],
          mark: { type: 'text', align: 'right', color: '#c0392b' },
          encoding: { y, text: { field: 'never' }, x: { value: 196 } },
        },
      ],
    },
    config: LOOK,
  });
}

/** CPU of one answer by the number of instances, both axes logarithmic. */
export function catalogPlot({ rows }: SheetResult): Promise<string> {
  return svgOf({
    background: 'white',
    title: 'Client CPU for one answer of the catalog, ms (less is better)',
    width: 420,
    height: 240,
    data: { values: rows.map((row) => ({ ...row })) },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'instances', type: 'quantitative', scale: { type: 'log' }, title: 'instances' },
      y: { field: 'cpuMs', type: 'quantitative', scale: { type: 'log' }, title: 'CPU ms' },
      color: { field: 'news', type: 'nominal', title: null, scale: { range: ['#2a6f97', '#b8c4cc'] } },
    },
    config: LOOK,
  });
}

async function svgOf(spec: object): Promise<string> {
  const view = new View(parse(compile(spec as TopLevelSpec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
