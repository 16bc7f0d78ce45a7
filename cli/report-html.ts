/**
 * A report as one HTML file that needs no other: the plot is drawn by uPlot, which is put into the file. What others wrote
 * reaches it only as text.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CallTally } from '../core/measure/call-tally';
import type { ServiceReport } from '../core/measure/service-report';
import { printable } from './printable';
import { callRows, instanceRows, ratioTable, spanText, timeRows, type FigureRow } from './report-text';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #ddd; vertical-align: top; }
.figures td:first-child { width: 30%; } .figures td:nth-child(2) { width: 20%; }
td:nth-child(2) { font-variant-numeric: tabular-nums; white-space: nowrap; } .quiet { color: #666; }
`;

/** Runs in the page. */
const DRAW = `
const { at, calls, hidden, seen } = JSON.parse(document.getElementById('minutes').textContent);
const line = (label, stroke, width) => ({ label, stroke, width, points: { show: at.length < 60 } });
const place = document.getElementById('plot');
new uPlot({
  width: place.clientWidth, height: 260,
  scales: { x: { time: true } },
  axes: [{}, { label: 'a minute', size: 70 }],
  series: [{}, line('calls', '#3b6ea5', 2), line('failures made good', '#d98e04', 2), line('failures seen', '#b3261e', 2)],
}, [at, calls, hidden, seen], place);
`;

export function reportHtml(report: ServiceReport): string {
  const name = escaped(report.service);
  const plot = report.minutes.length === 0 ? '<p class="quiet">No client told of calls.</p>' : plotOf(report);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Reliability of ${name}</title>
<style>${uplot('uPlot.min.css')}${STYLE}</style></head>
<body>
<h1>Reliability of ${name}</h1>
<p class="quiet">${spanText(report)}</p>
<h2>Calls</h2>
${table(callRows(report))}
${plot}
${ratioHtml('By method', ratioTable(['Method', 'Calls', 'Failures', 'Pf', 'R, 95 % sure'], report.byMethod))}
${ratioHtml('By instance', ratioTable(['Instance', 'Attempts', 'Failed', 'Pf', 'R, 95 % sure'], report.byInstance))}
<h2>Times, median first</h2>
${table(timeRows(report))}
<h2>Instances</h2>
${table(instanceRows(report))}
<h2>Incidents</h2>
${incidentTable(report)}
</body>
</html>`;
}

const MINUTE_MS = 60_000;

function plotOf({ minutes, nowUnixMs }: ServiceReport): string {
  const first = (minutes[0]?.atUnixMs ?? nowUnixMs) - MINUTE_MS;
  const counted = new Map(minutes.map((one) => [one.atUnixMs, one]));
  // A minute without a word was one without calls.
  const at = Array.from(
    { length: Math.max(2, Math.ceil((nowUnixMs - first) / MINUTE_MS)) },
    (_, n) => first + n * MINUTE_MS,
  );
  const series = (count: keyof CallTally): readonly number[] => at.map((time) => counted.get(time)?.[count] ?? 0);
  const data = {
    at: at.map((time) => time / 1000),
    ...{ calls: series('calls'), hidden: series('failuresHidden'), seen: series('failuresSeen') },
  };
  return `<div id="plot"></div>
<script type="application/json" id="minutes">${JSON.stringify(data)}</script>
<script>${uplot('uPlot.iife.min.js').replaceAll('</script', '<\\/script')}${DRAW}</script>`;
}

function uplot(file: string): string {
  return readFileSync(join(dirname(require.resolve('uplot')), file), 'utf8');
}

function table(rows: readonly FigureRow[]): string {
  return `<table class="figures">${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</table>`;
}

/** Nothing where nothing was told. */
function ratioHtml(title: string, [heading = [], ...rows]: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const head = `<tr>${heading.map((text) => `<th>${escaped(text)}</th>`).join('')}</tr>`;
  return `<h2>${title}</h2>\n<table>${head}${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</table>`;
}

function incidentTable({ incidents }: ServiceReport): string {
  if (incidents.length === 0) return '<p class="quiet">None.</p>';
  const rows = incidents.map(({ id, instance, startedUnixMs, outcome, phase, cause }) =>
    cells([
      new Date(startedUnixMs).toISOString().slice(0, 19).replace('T', ' '),
      instance,
      outcome ?? phase,
      cause,
      id,
    ]),
  );
  return `<table>${rows.map((row) => `<tr>${row}</tr>`).join('')}</table>`;
}

function cells(texts: readonly string[]): string {
  return texts.map((text) => `<td>${escaped(text)}</td>`).join('');
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return printable(text).replace(/[&<>"']/g, (char) => names[char] ?? '');
}
