/**
 * `npm run bench`: measures, shows a table, and writes the figures to docs/benchmarks.json and from there to
 * docs/benchmarks.md. Exit code 0 says that it measured, not that the figures are good. Leaves nothing behind.
 */
import { join, resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { benchCallPath } from './bench/call-path';
import { benchFailover } from './bench/failover';
import { writeReport } from './bench/report';
import { readResults, type Results } from './bench/results';
import { callPathTable, failoverTable } from './bench/tables';
import { Cleanup } from './quickstart/cleanup';
import { ensureBuild } from './quickstart/fresh-build';

const ROOT = resolve(__dirname, '..');
const PARTS = ['call-path', 'failover'] as const;
type Part = (typeof PARTS)[number];

interface Flags {
  readonly quick: boolean;
  readonly json: string;
  readonly only: readonly Part[];
  readonly rounds?: number;
  readonly calls?: number;
  readonly concurrency: readonly number[];
  readonly runs?: number;
}

function whole(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

function parts(text: string): readonly Part[] {
  const wanted = text.split(',');
  const known = PARTS.filter((part) => wanted.includes(part));
  if (known.length === new Set(wanted).size) return known;
  throw new InvalidArgumentError(`Allowed are ${PARTS.join(', ')}, separated by commas.`);
}

function parseFlags(argv: readonly string[]): Flags {
  return new Command('npm run bench --')
    .description('What a call costs, and what a fault costs, beside the raw library and two proxies.')
    .option('--quick', 'fewer rounds and runs: to see that it works, not to quote', false)
    .option('--json <file>', 'merge the results into this file; benchmarks.md is written beside it', defaultFile())
    .option('--only <parts>', `some of ${PARTS.join(',')}`, parts, PARTS)
    .option('--rounds <n>', 'call path: rounds (15, quick 3)', whole)
    .option('--calls <n>', 'call path: calls of each variant per round (2000, quick 500)', whole)
    .option('--concurrency <list>', 'call path: calls at once', (list) => list.split(',').map(whole), [1, 16, 64, 256])
    .option('--runs <n>', 'failover: runs of each fault (20, quick 3)', whole)
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

async function run(flags: Flags, cleanup: Cleanup): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  ensureBuild(ROOT, say);
  const command = commandLine(process.argv.slice(2));
  let results: Results = readResults(flags.json);
  if (flags.only.includes('call-path')) {
    const callPath = await benchCallPath(
      {
        command,
        rounds: flags.rounds ?? (flags.quick ? 3 : 15),
        callsPerRound: flags.calls ?? (flags.quick ? 500 : 2_000),
        concurrencies: flags.concurrency,
      },
      cleanup,
      say,
    );
    results = { ...results, callPath };
    process.stdout.write(`${callPathTable(callPath)}\n`);
  }
  if (flags.only.includes('failover')) {
    const failover = await benchFailover({ command, runs: flags.runs ?? (flags.quick ? 3 : 20) }, cleanup, say);
    results = { ...results, failover };
    process.stdout.write(`${failoverTable(failover)}\n`);
  }
  await writeReport(results, flags.json);
}

async function main(): Promise<number> {
  const cleanup = new Cleanup();
  let flags: Flags;
  try {
    flags = parseFlags(process.argv);
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void cleanup.run().then(() => process.exit(130)));
  }
  try {
    await run(flags, cleanup);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await cleanup.run();
  }
}

void main().then((code) => {
  process.exitCode = code;
});
