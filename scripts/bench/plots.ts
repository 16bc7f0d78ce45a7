/** Draws the figures as SVG, by Vega-Lite. White ground, so that they can be read in dark mode too. */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { CallPathResult, FailoverResult, SheetResult } from './results';

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
            y: { field: 'cpuRatio', type: 'quantitative', title: null },
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
