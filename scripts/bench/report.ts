/**
 * Writes everything that people read from the one file of figures: benchmarks.md and its plots. It never measures and
 * never leaves a figure out: what the file holds is what the page shows.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { format } from 'prettier';
import { callPathPlot, failoverPlot, peersGapPlot, peersLostPlot } from './plots';
import type { CallPathResult, Circumstances, FailoverResult, PeersResult, Results, SheetResult } from './results';
import type { SheetPart } from './sheet-part';
import { SHEET_PARTS } from './sheet-parts';
import { UNDERSTUDY } from './failover-plan';
import { callPathCells, failoverCells, PEER_FIGURES, peerCells, sheetCells } from './tables';

/** Writes `file`, and beside it benchmarks.md and images/. */
export async function writeReport(results: Results, file: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(join(folder, 'images'), { recursive: true });
  await writeFile(file, await format(JSON.stringify(results), { parser: 'json', printWidth: 120 }));
  const { callPath, settings, failover, peers } = results;
  const sections = [INTRODUCTION];
  if (callPath !== undefined) {
    sections.push(callPathSection(callPath));
    await writeFile(join(folder, 'images/bench-call-path.svg'), await callPathPlot(callPath));
  }
  if (settings !== undefined) sections.push(settingsSection(settings));
  if (failover !== undefined) {
    sections.push(failoverSection(failover));
    await writeFile(join(folder, 'images/bench-failover.svg'), await failoverPlot(failover));
  }
  if (peers !== undefined) {
    sections.push(peersSection(peers));
    await writeFile(join(folder, 'images/bench-peers-gap.svg'), await peersGapPlot(peers));
    await writeFile(join(folder, 'images/bench-peers-lost.svg'), await peersLostPlot(peers));
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
  const { callsPerRound, generations, copies, warmUpCalls, pinned, absent } = result;
  const own = pinned ? ', and has a CPU to itself' : '';
  return `## What a call costs when nothing is wrong

${circumstancesLine(result)}

Unary \`Add\` on one Calculator, with an idle backup. Each variant has ${copies} processes at a time, which run plain JavaScript,
as a user's do, and take turns from round to round. They are started anew ${generations} times; \`raw\` and \`Understudy\` are always
among them, the others every fifth time. One is measured at a time${own}, after ${warmUpCalls} calls that do not count. A round is ${callsPerRound} calls of each, with many at once more, after a quarter as many that do not count; the order of
the turns shifts from round to round. CPU is the client process's time, user and system, for 1000 calls. Each figure is a
median over the rounds; each ratio (x) is the median of the ratios to \`raw\` in the same round, ± half of its 95 % confidence
interval, over the rounds or over the processes, whichever is wider: what its compilers made of it is a process's luck, and
about a tenth. \`Understudy\` is the default: health watched, safe calls repeated and hedged, a real Consul. \`attempts\` is per
call, 1 where nobody counts.${absentLine(absent)}

![Client CPU per call of each variant against the raw channel](images/bench-call-path.svg)

${callPathTable(result)}`;
}

function settingsSection(result: CallPathResult): string {
  return `## What its settings cost

${circumstancesLine(result)}

The same measure, after ${result.warmUpCalls} calls of each process. With \`Prometheus\` each call and attempt goes into histograms, too. Those with a policy have both servers as equals.

${callPathTable(result)}`;
}

function callPathTable(result: CallPathResult): string {
  const { head, body } = callPathCells(result);
  return markdownTable(head, body);
}

function failoverSection(result: FailoverResult): string {
  const { callsPerSecond, serviceTimeMs, deadlineMs } = result;
  const { head, body } = failoverCells(result);
  return `## What a fault costs

${circumstancesLine(result)}

An open loop of ${callsPerSecond} calls/s with a deadline of ${deadlineMs} ms, one in four a \`MemoryAdd\`, which must not be repeated; one
primary, one backup, ${serviceTimeMs} ms of service time, a real Consul, the client's defaults. No agent stands beside the servers: what
the client notices, it notices by itself. Each figure is the median over the runs, and the worst run in brackets.

- \`gap\`: from the fault to the first good answer of the backup; the service time and the ${1_000 / callsPerSecond} ms between two calls are
  in it. \`noticed\`: from the fault until the client has left the primary, so that calls that must not be repeated go to
  the backup as well; repeatable calls do not wait for that. \`pause\`: the longest time without a good answer of anybody
  from the fault on.
- \`safe lost\` and \`unsafe failed\`: calls of the whole run that ended with an error.
- \`attempts\`: attempts per call before the fault, so what hedging costs while nothing is wrong; \`in all\`: of the whole run.
- \`p99\`: of the good calls that began after the fault, against those before it.
- \`packets dropped\` is done by a relay that stops: its connections stay open and silent, and new ones are not made. \`failback\` counts from the moment
  when the client says that it goes back, a tenth of the calls at first, and failures from the moment when the primary listens again.

![The gap of each fault](images/bench-failover.svg)

${markdownTable(head, body)}`;
}

function peersSection(result: PeersResult): string {
  const { calmMs, watchMs, absent, rows } = result;
  const runs = (ours: boolean): number =>
    Math.max(0, ...rows.filter(({ caller }) => (caller === UNDERSTUDY) === ours).map((row) => row.runs));
  const tables = PEER_FIGURES.map(([title, figure]) => {
    const { head, body } = peerCells(result, figure);
    return `${title}:\n\n${markdownTable(head, body)}`;
  });
  return `## What the same faults cost others

${circumstancesLine(result)}

The same load, faults and servers as above, in the same run and in turns: ${runs(true)} runs of each fault with Understudy, ${runs(false)} with
each of the others. Each figure is the median over the runs, and the worst run in brackets.${absentLine(absent)}

- \`pick_first\` and \`round_robin\`: a stock grpc-js channel with both addresses. \`naive loop\`: a stock channel for each address;
  on any error the next one is tried, with a deadline of its own. A proxy has the backup as its \`backup\` server and a stock
  channel in front. As they come, HAProxy checks that the port accepts, every 2 s, and nginx does not check. Tuned, HAProxy
  asks for gRPC health every 100 ms, both give a server 250 ms to answer, and both are told that only \`Add\` may be sent twice.
  [proxy-configs.ts](../scripts/bench/proxy-configs.ts) holds their files.
- A run ends when no call failed for ${calmMs} ms after the fault, and at the latest after ${watchMs} ms; \`never\`: the backup had not
  answered by then. Lost and failed calls are those of that time, so what never recovers loses more the longer it is watched.
- \`executed twice\`: executions beyond the first of one \`MemoryAdd\`, in the ledgers of both servers; what was stopped goes on
  before they are read. HAProxy refuses a call whose server died before it answered as if nobody had begun it, so grpc-js sends
  it again of its own accord. nginx repeats no gRPC call that it began to send, whatever it is told.
- \`round_robin\` uses both servers all the time, so its gap says little. \`NOT_SERVING\` is said by a server that still answers:
  whoever does not listen loses nothing here. \`failback\` counts from the moment when the primary listens again, so
  Understudy's gap holds the time for which it does not trust the primary yet, on purpose.

![The gap of each way of calling, a panel for each fault](images/bench-peers-gap.svg)

![The safe calls that each way of calling lost, a panel for each fault](images/bench-peers-lost.svg)

${tables.join('\n\n')}`;
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
  const rule = head.map((title) =>
    ['variant', 'fault', 'caller', 'server', 'until'].includes(title) ? '---' : '---:',
  );
  return [head, rule, ...rows].map(line).join('\n');
}
