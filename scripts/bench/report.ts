/**
 * Writes everything that people read from the one file of figures: benchmarks.md and its plots. It never measures and
 * never leaves a figure out: what the file holds is what the page shows.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { format } from 'prettier';
import { callPathPlot } from './plots';
import type { CallPathResult, Circumstances, Results } from './results';

/** Writes `file`, and beside it benchmarks.md and images/. */
export async function writeReport(results: Results, file: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(join(folder, 'images'), { recursive: true });
  await writeFile(file, await format(JSON.stringify(results), { parser: 'json', printWidth: 120 }));
  const { callPath } = results;
  if (callPath !== undefined) await writeFile(join(folder, 'images/bench-call-path.svg'), await callPathPlot(callPath));
  const page = [INTRODUCTION, callPath === undefined ? '' : callPathSection(callPath)].join('\n\n');
  await writeFile(join(folder, 'benchmarks.md'), await format(page, { parser: 'markdown', printWidth: 120 }));
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
