/**
 * `npm run bench`: measures, shows a table, and writes the figures to docs/benchmarks.json and from there to
 * docs/benchmarks.md. Exit code 0 says that it measured, not that the figures are good. Leaves nothing behind.
 */
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { benchCallPath } from './bench/call-path';
import { SETTINGS, WAYS } from './bench/call-path-variants';
import { benchFailover } from './bench/failover';
import { FAULTS, PEERS, type FaultName, type PeerName } from './bench/failover-plan';
import { writeReport } from './bench/report';
import { readResults, type Results } from './bench/results';
import type { SheetPart } from './bench/sheet-part';
import { SHEET_PARTS } from './bench/sheet-parts';
import { callPathTable, failoverTable, peersTables, sheetTable } from './bench/tables';
import { Cleanup } from './quickstart/cleanup';
import { ensureBuild } from './quickstart/fresh-build';
import { runCommand } from './run-command';

const ROOT = resolve(__dirname, '..');
const say = (line: string): void => void process.stderr.write(`${line}\n`);
type Part = 'call-path' | 'settings' | 'failover' | SheetPart['name'];
const PARTS: readonly Part[] = ['call-path', 'settings', 'failover', ...SHEET_PARTS.map(({ name }) => name)];

interface Flags {
  readonly quick: boolean;
  readonly json: string;
  readonly only: readonly Part[];
  readonly rounds?: number;
  readonly calls?: number;
  readonly concurrency: readonly number[];
  readonly runs?: number;
  readonly peerRuns?: number;
  readonly faults: readonly FaultName[];
  readonly peers: readonly PeerName[];
}

function whole(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

/** Reads a list of some of `known`, and gives it their order. */
function someOf<Name extends string>(known: readonly Name[]): (text: string) => readonly Name[] {
  return (text) => {
    const wanted = text.split(',');
    const found = known.filter((name) => wanted.includes(name));
    if (found.length === new Set(wanted).size) return found;
    throw new InvalidArgumentError(`Allowed are ${known.join(', ')}, separated by commas.`);
  };
}

function parseFlags(argv: readonly string[]): Flags {
  return new Command('npm run bench --')
    .description('What a call costs, and what a fault costs, beside the raw library and two proxies.')
    .option('--quick', 'fewer rounds and runs: to see that it works, not to quote', false)
    .option('--json <file>', 'merge the results into this file; benchmarks.md is written beside it', defaultFile())
    .option('--only <parts>', `some of ${PARTS.join(',')}`, someOf(PARTS), PARTS)
    .option('--rounds <n>', 'call path, settings: rounds (400, quick 3)', whole)
    .option('--calls <n>', 'call path, settings: calls of each variant per round (200)', whole)
    .option(
      '--concurrency <list>',
      'call path, settings: calls at once',
      (list) => list.split(',').map(whole),
      [1, 16, 64, 256],
    )
    .option('--runs <n>', 'failover, recovery: runs of each fault (10, quick 1)', whole)
    .option('--peer-runs <n>', 'failover: runs of each fault with each peer (3, quick 1)', whole)
    .option('--faults <list>', `failover: some of ${FAULTS.join(',')}`, someOf(FAULTS), FAULTS)
    .option('--peers <list>', `failover: some of ${PEERS.join(',')}`, someOf(PEERS), PEERS)
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv)
    .opts<Flags>();
}

function defaultFile(): string {
  return join(ROOT, 'docs/benchmarks.json');
}

/** As somebody else would repeat it: where the results went is of no interest. */
function commandLine(words: readonly string[]): string {
  const kept = words.filter((word, at) => !word.startsWith('--json') && words[at - 1] !== '--json');
  return ['npm run bench', ...(kept.length > 0 ? ['--', ...kept] : [])].join(' ');
}

const CALL_PATH = { rounds: 400, generations: 10, copies: 2, warmUpCalls: 60_000 } as const;
const CALL_PATH_QUICK = { rounds: 3, generations: 1, copies: 1, warmUpCalls: 20 } as const;
const CALLS_PER_ROUND = 200;

async function measureCallPath(
  part: 'call-path' | 'settings',
  { quick, ...flags }: Flags,
  command: string,
  cleanup: Cleanup,
): Promise<Results> {
  const { rounds, ...processes } = quick ? CALL_PATH_QUICK : CALL_PATH;
  const options = {
    command,
    variants: part === 'settings' ? SETTINGS : WAYS,
    rounds: flags.rounds ?? rounds,
    callsPerRound: flags.calls ?? CALLS_PER_ROUND,
    ...processes,
    concurrencies: flags.concurrency,
  };
  const result = await benchCallPath(options, cleanup, say);
  process.stdout.write(`${callPathTable(result)}\n`);
  return part === 'settings' ? { settings: result } : { callPath: result };
}

/** Measures one part, and adds it to what the file held. */
async function measure(part: Part, flags: Flags, before: Results, cleanup: Cleanup): Promise<Results> {
  const command = commandLine(process.argv.slice(2));
  const { quick } = flags;
  if (part === 'call-path' || part === 'settings') {
    return { ...before, ...(await measureCallPath(part, flags, command, cleanup)) };
  }
  if (part === 'failover') {
    const runs = flags.runs ?? (quick ? 1 : 10);
    const peerRuns = flags.peerRuns ?? (quick ? 1 : 3);
    const { faults, peers } = flags;
    const found = await benchFailover({ command, runs, peerRuns, faults, peers, quick }, cleanup, say);
    process.stdout.write(`${failoverTable(found.failover)}\n${peersTables(found.peers)}\n`);
    return { ...before, ...found };
  }
  const sheet = SHEET_PARTS.find(({ name }) => name === part);
  if (sheet === undefined) return before;
  const result = await sheet.measure({ command, quick, runs: flags.runs }, cleanup, say);
  process.stdout.write(`${sheetTable(sheet, result)}\n`);
  return { ...before, [part]: result };
}

/** Each part stands alone: what it started is gone before the next one begins, and what it found is written. */
async function run(flags: Flags, cleanup: Cleanup): Promise<number> {
  ensureBuild(ROOT, say);
  let results: Results = readResults(flags.json);
  for (const part of flags.only) {
    const beganMs = performance.now();
    const ofPart = new Cleanup();
    cleanup.add(() => ofPart.run());
    results = await measure(part, flags, results, ofPart);
    await ofPart.run();
    await writeReport(results, flags.json);
    say(`${part}: took ${Math.round((performance.now() - beganMs) / 1_000)} s`);
  }
  return 0;
}

runCommand(parseFlags, run);
