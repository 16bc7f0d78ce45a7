/**
 * Writes everything that people read from the one file of figures: benchmarks.md and its plots. It never measures and
 * never leaves a figure out: what the file holds is what the page shows.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { format } from 'prettier';
import { callPathPlot, failoverPlot } from './plots';
import type { CallPathResult, Circumstances, FailoverResult, Results, SheetResult } from './results';
import type { SheetPart } from './sheet-part';
import { SHEET_PARTS } from './sheet-parts';
import { FAILOVER_COLUMNS, sheetCells } from './tables';

/** Writes `file`, and beside it benchmarks.md and images/. */
export async function writeReport(results: Results, file: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(join(folder, 'images'), { recursive: true });
  await writeFile(file, await format(JSON.stringify(results), { parser: 'json', printWidth: 120 }));
  const { callPath, failover } = results;
  const sections = [INTRODUCTION];
  if (callPath !== undefined) {
    sections.push(callPathSection(callPath));
    await writeFile(join(folder, 'images/bench-call-path.svg'), await callPathPlot(callPath));
  }
  if (failover !== undefined) {
    sections.push(failoverSection(failover));
    await writeFile(join(folder, 'images/bench-failover.svg'), await failoverPlot(failover));
  }
  for (const part of SHEET_PARTS) {
    const result = results[part.name];
    if (result === undefined) continue;
    sections.push(sheetSection(part, result));
    if (part.plot !== undefined) {
      await writeFile(join(folder, `images/bench-${part.name}.svg`), await part.plot.svg(result));
    }
  }
  const page = await format(sections.join('\n\n'), { parser: 'markdown', printWidth: 120, proseWrap: 'always' });
  await writeFile(join(folder, 'benchmarks.md'), page);
}

const INTRODUCTION = `# Benchmarks

Written by \`npm run bench\` from [benchmarks.json](benchmarks.json); edit neither. Everything runs on one machine over
loopback, the servers and the callers on the same cores: trust ratios and orders, not absolutes. \`npm run bench -- --help\`
shows the flags; without HAProxy or nginx on the machine, the bench goes on without them.`;

function callPathSection(result: CallPathResult): string {
  const { rounds, callsPerRound, absent, rows } = result;
  const head = [
    'at once',
    'variant',
    'calls/s',
    'p50 ms',
    'p99 ms',
    'CPU ms',
    'calls/s',
    'p50',
    'p99',
    'CPU',
    'attempts',
  ];
  const body = rows.map((row) => [
    row.concurrency,
    row.variant,
    row.callsPerSecond,
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    row.cpuMsPer1000.toFixed(1),
    ...[row.callsRatio, row.p50Ratio, row.p99Ratio, row.cpuRatio].map((ratio) => `${ratio.toFixed(2)} x`),
    row.attemptsPerCall.toFixed(3),
  ]);
  return `## What a call costs when nothing is wrong

${circumstancesLine(result)}

Unary \`Add\` on one Calculator, with an idle backup. Each variant is a process of its own; all are alive, and one is measured
at a time. ${rounds} rounds of ${callsPerRound} calls per variant and concurrency; the order of the turns shifts from round
to round. CPU is the client process's time, user and system, for 1000 calls. Each figure is a median over the rounds; each
ratio (x) is the median of the ratios to \`raw\` in the same round. \`Understudy\` is the default: health watched, safe calls
repeated and hedged, a real Consul. \`attempts\` is per call, 1 where nobody counts.${absentLine(absent)}

![Client CPU per call of each variant against the raw channel](images/bench-call-path.svg)

${markdownTable(head, body)}`;
}

function failoverSection(result: FailoverResult): string {
  const { callsPerSecond, serviceTimeMs, deadlineMs, rows } = result;
  const head = FAILOVER_COLUMNS.map(([title]) => title);
  const body = rows.map((row) => FAILOVER_COLUMNS.map(([, cell]) => cell(row)));
  return `## What a fault costs

${circumstancesLine(result)}

An open loop of ${callsPerSecond} calls/s with a deadline of ${deadlineMs} ms, one in four a \`MemoryAdd\`, which must not be repeated; one
primary, one backup, ${serviceTimeMs} ms of service time, a real Consul, the client's defaults. No agent stands beside the servers: what
the client notices, it notices by itself. Each figure is the median over the runs, and the worst run in brackets.

- \`gap\`: from the fault to the first good answer of the backup; the service time and the ${1_000 / callsPerSecond} ms between two calls are
  in it. \`pause\`: the longest time without a good answer of anybody from the fault on.
- \`safe lost\` and \`unsafe failed\`: calls of the whole run that ended with an error.
- \`attempts\`: attempts per call before the fault, so what hedging costs while nothing is wrong; \`in all\`: of the whole run.
- \`p99\`: of the good calls that began after the fault, against those before it.
- \`packets dropped\` is done by a relay that stops to forward and keeps its connections open. \`failback\` counts from the moment
  when the client says that it goes back, and failures from the moment when the primary listens again.

![The gap of each fault](images/bench-failover.svg)

${markdownTable(head, body)}`;
}

function sheetSection(part: SheetPart, result: SheetResult): string {
  const image = part.plot === undefined ? [] : [`![${part.plot.shows}](images/bench-${part.name}.svg)`];
  const table = markdownTable(Object.values(part.columns), sheetCells(part.columns, result.rows));
  return [`## ${part.title}`, circumstancesLine(result), part.words, ...image, table].join('\n\n');
}

function absentLine(absent: readonly string[]): string {
  return absent.length === 0 ? '' : ` Not installed where this was measured: ${absent.join(', ')}.`;
}

function circumstancesLine({ command, date, node, cpu, cores, loadBefore, consul }: Circumstances): string {
  const crowd = loadBefore > 0.5 ? ', so other work shared it' : '';
  return `\`${command}\`, ${date} UTC, ${cores} cores (${cpu}), Node ${node}, Consul ${consul}; the load of the machine before it began was ${loadBefore}${crowd}.`;
}

function markdownTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((title) => (title === 'variant' || title === 'fault' ? '---' : '---:'));
  return [head, rule, ...rows].map(line).join('\n');
}
