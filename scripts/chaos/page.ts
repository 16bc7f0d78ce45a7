/**
 * The text of docs/chaos.md: every row of the code with its limits, and beside them what the last run showed. It leaves out neither a row nor a figure.
 */
import type { Circumstances } from '../bench/results';
import type { Figures, Limits } from './figures';
import type { Row } from './rows';

/** Of one row: figures, or why there are none; `faults` are limits that were broken. */
export interface RowResult {
  readonly name: string;
  readonly figures: Figures | null;
  readonly skipped: string | null;
  readonly faults: readonly string[];
}

/** Rows that were not played stand there with their limits and no figures. */
export function pageOf(rows: readonly Row[], results: readonly RowResult[], at: Circumstances): string {
  const resultOf = new Map(results.map((result) => [result.name, result]));
  const notes = results.flatMap(({ name, skipped, faults, figures }) => [
    ...(skipped === null ? [] : [`- \`${name}\` was not played: ${skipped}.`]),
    ...faults.map((fault) => `- \`${name}\` broke a limit: ${fault}.`),
    ...(figures?.failures ?? []).map((failure) => `- \`${name}\`: a lost safe call was told \`${oneLine(failure)}\`.`),
  ]);
  return [
    INTRODUCTION,
    circumstancesLine(at),
    table(
      FIGURE_HEAD,
      rows.map((row) => figureCells(row, resultOf.get(row.name)?.figures ?? null)),
    ),
    notes.length === 0 ? 'Every limit was kept.' : notes.join('\n'),
    '## What happens in each row',
    table(
      ['row', 'what happens', 'failovers with a reason'],
      rows.map((row) => [`\`${row.name}\``, row.what, row.justified]),
    ),
    MEANING,
    HOW,
    OTHER_WAYS,
  ].join('\n\n');
}

const INTRODUCTION = `# Chaos

Written by \`npm run chaos\`; do not edit it. Everything is real: Consul, the Calculators with a ledger of each
executed \`MemoryAdd\`, and, where there are agents, \`understudy agent\` as a process. The rows and their limits stand in
\`scripts/chaos/rows.ts\`. In each, a primary and two backups serve one caller with the client's defaults, who makes a
call each 6 ms: a safe one, one that must not be repeated, and a short stream in turn, each with a deadline of 4 s. A
limit stands in brackets beside its figure; where there is none, it depends on the machine. The exit code is 1 when a
limit was broken.`;

const FIGURE_HEAD = [
  'row',
  'calls',
  'lost (safe)',
  'unsafe failed',
  'executed twice',
  'acknowledged, lost',
  'failovers',
  'false failovers',
  'gap ms',
  'recovered ms',
];

const MEANING = `## What the figures mean

- \`lost (safe)\`: calls that may be repeated, and streams before their first message, that ended with an error.
- \`unsafe failed\`: calls that must not be repeated and ended with an error, because they were on their way to a server
  when it was harmed; with \`disk-full\`, because a server that cannot write them down refuses them. A caller who wants those too reads [exactly-once.md](exactly-once.md).
- \`executed twice\` and \`acknowledged, lost\` come from the ledgers of all servers, the dead ones included.
- \`failovers\`: moves of the client to a lower tier; false are those beyond the ones that the fault is a reason for.
- \`gap ms\`: the longest time without a good answer of anybody, from the fault on.
- \`recovered ms\`: from the fault, or from its end where it had to be ended from the outside, until all three are passing
  and the calls are back at the primary. The hold before a failback is in it: 3 s, twice as long after each failover of
  the last ten minutes.`;

const HOW = `## How it is done, where it is not the thing itself

- Lines that lose, delay or reset are a relay over loopback in the process of the command, not the kernel's \`tc netem\`,
  which not every machine has. What a relay loses arrives when the loss is over, as TCP sends it again. \`resets\` stands
  in for a network that loses 5 % of its packets, and is harder: a lost packet costs a wait, a reset the connection.
- \`disk-full\` mounts a tmpfs of one megabyte, which takes root; \`no-descriptors\` is \`prlimit\` on the running server.
- \`overload\` stops and continues the server many times a second, measures what it then can do, and asks for twice that.
- \`clock-off\` preloads a script that shifts \`Date\` in the agent and its server; timers go on as they should.
- A killed agent leaves its server running. The rows end it before they start the next agent, as systemd does.`;

const OTHER_WAYS = `## Other ways to play

- \`npm run chaos -- --rows kill,stop\` plays some rows, and leaves this page as it is. \`--list\` names them; \`--json FILE\`
  writes the results.
- \`npm run soak -- --minutes 10 --seed 7\` strikes at random under one load that never stops; the same seed draws the same
  faults in the same order.
- \`UNDERSTUDY_CHAOS=long npx jest --selectProjects chaos\` plays the long form of the tests in \`test/chaos\`, of which
  \`npm test\` plays the short one.`;

function figureCells({ name, limits }: Row, figures: Figures | null): readonly (string | number)[] {
  if (figures === null) return [`\`${name}\``, '–', ...limitCells(limits)];
  return [
    `\`${name}\``,
    figures.calls,
    beside(figures.lostSafe, limits.lostSafe),
    figures.unsafeFailed,
    beside(figures.executedTwice, 0),
    beside(figures.acknowledgedButLost, 0),
    figures.failovers,
    beside(figures.falseFailovers, limits.falseFailovers),
    beside(figures.gapMs, limits.gapMs),
    figures.recoveredMs ?? 'never',
  ];
}

function limitCells({ lostSafe, falseFailovers, gapMs }: Limits): readonly string[] {
  return [
    beside('–', lostSafe),
    '–',
    beside('–', 0),
    beside('–', 0),
    '–',
    beside('–', falseFailovers),
    beside('–', gapMs),
    '–',
  ];
}

function beside(figure: number | string, limit: number | null): string {
  return limit === null ? String(figure) : `${figure} (${limit})`;
}

function circumstancesLine({ command, date, node, cpu, cores, loadBefore, consul }: Circumstances): string {
  const crowd = loadBefore > 0.5 ? ', so other work shared it' : '';
  return `\`${command}\`, ${date} UTC, ${cores} cores (${cpu}), Node ${node}, Consul ${consul}; the load of the machine before it began was ${loadBefore}${crowd}.`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('`', "'").slice(0, 160);
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}
