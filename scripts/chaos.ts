/**
 * `npm run chaos`: harms real processes in every way of scripts/chaos/rows.ts under calls of every kind, shows what it
 * cost, and writes docs/chaos.md. Exit code 1 when a limit was broken. Leaves nothing behind.
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { format } from 'prettier';
import { circumstances } from './bench/results';
import type { ConsulBinary } from './chaos/consul-cluster';
import { faultsOf } from './chaos/figures';
import { pageOf, type RowResult } from './chaos/page';
import { ROWS, type Row } from './chaos/rows';
import { Scene } from './chaos/scene';
import { findConsul } from './consul-binary';
import type { Cleanup } from './quickstart/cleanup';
import { ensureBuild } from './quickstart/fresh-build';
import { runCommand } from './run-command';

interface Flags {
  readonly rows: readonly Row[];
  readonly json?: string;
  readonly list: boolean;
}

const ROOT = resolve(__dirname, '..');

function rowsNamed(text: string): readonly Row[] {
  const wanted = new Set(text.split(','));
  const rows = ROWS.filter(({ name }) => wanted.has(name));
  if (rows.length === wanted.size) return rows;
  throw new InvalidArgumentError(`Allowed are ${ROWS.map(({ name }) => name).join(', ')}, separated by commas.`);
}

function parseFlags(argv: readonly string[]): Flags {
  return new Command('npm run chaos --')
    .description('Kills, stops, starves and cuts off real servers, agents and Consuls; what it cost the callers.')
    .option('--rows <names>', 'only these, separated by commas; docs/chaos.md stays as it is then', rowsNamed, ROWS)
    .option('--json <file>', 'write the results to this file too')
    .option('--list', 'name the rows and what happens in each, and end', false)
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv)
    .opts<Flags>();
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function playRow(row: Row, binary: ConsulBinary, cleanup: Cleanup): Promise<RowResult> {
  const skipped = row.hindrance?.() ?? null;
  if (skipped !== null) return { name: row.name, figures: null, skipped, faults: [] };
  const scene = new Scene(row.scene, binary);
  cleanup.add(() => scene.end());
  try {
    await scene.begin();
    await row.play(scene);
    const figures = await scene.figures(row.justified, await scene.recovered());
    for (const change of scene.changes) say(pc.dim(`    ${change}`));
    return { name: row.name, figures, skipped: null, faults: faultsOf(figures, row.limits) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { name: row.name, figures: null, skipped: null, faults: [`it could not be played to its end: ${why}`] };
  } finally {
    await scene.end();
  }
}

function tell({ name, figures, skipped, faults }: RowResult): void {
  if (skipped !== null) say(`${pc.yellow('–')} ${name}: not played: ${skipped}`);
  else if (figures !== null) {
    const { calls, lostSafe, unsafeFailed, executedTwice, acknowledgedButLost, failovers, gapMs, recoveredMs } =
      figures;
    const mark = faults.length === 0 ? pc.green('✓') : pc.red('✗');
    const ledgers = `${executedTwice} executed twice, ${acknowledgedButLost} acknowledged and lost`;
    const times = `gap ${gapMs} ms, recovered ${recoveredMs === null ? 'never' : `after ${recoveredMs} ms`}`;
    say(`${mark} ${name}: ${calls} calls, ${lostSafe} lost, ${unsafeFailed} unsafe failed, ${ledgers}`);
    say(`    ${failovers} failovers, ${times}`);
    for (const failure of figures.failures) say(pc.dim(`    lost: ${failure}`));
  }
  for (const fault of faults) say(pc.red(`✗ ${name}: ${fault}`));
}

async function run({ rows, json, list }: Flags, cleanup: Cleanup): Promise<number> {
  if (list) {
    for (const { name, what } of ROWS) say(`${name}: ${what}`);
    return 0;
  }
  ensureBuild(ROOT, say);
  const binary = await findConsul();
  // The page is written by runs of all rows alone, and where else results went is of no interest to it.
  const at = circumstances('npm run chaos', binary.version);
  const results: RowResult[] = [];
  for (const row of rows) {
    say(pc.bold(`${row.name}: ${row.what}`));
    const result = await playRow(row, binary, cleanup);
    tell(result);
    results.push(result);
  }
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ ...at, rows: results }, null, 2)}\n`);
  if (rows.length === ROWS.length) {
    const page = await format(pageOf(ROWS, results, at), { parser: 'markdown', printWidth: 120, proseWrap: 'always' });
    await writeFile(join(ROOT, 'docs/chaos.md'), page);
  }
  const broken = results.flatMap(({ faults }) => faults).length;
  say(broken === 0 ? pc.green('✓ every limit was kept') : pc.red(`✗ ${broken} limits were broken`));
  return broken === 0 ? 0 : 1;
}

runCommand(parseFlags, run);
