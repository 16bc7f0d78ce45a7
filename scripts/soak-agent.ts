/**
 * `npm run soak:agent`: three servers that nobody harms, each under an agent at its defaults, while other processes want
 * every core. Exit code 1 when the catalog ever said that one is ill or gone, or an agent acted on it. At the end the
 * servers are hung, and that must be seen: an alarm that cannot ring proves nothing. Leaves nothing behind.
 */
import { availableParallelism, loadavg } from 'node:os';
import { resolve } from 'node:path';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import type { Cleanup } from './quickstart/cleanup';
import { ensureBuild } from './quickstart/fresh-build';
import { runCommand } from './run-command';
import { startBurners } from './soak/burners';
import { CalmHouse } from './soak/calm-house';
import { falseAlarmsOf, type Observed } from './soak/false-alarms';

interface Flags {
  readonly minutes: number;
  readonly load: number;
}

const ROOT = resolve(__dirname, '..');
/** To open, to hang the servers, and to be found. */
const BESIDE_MS = 120_000;

function parseFlags(argv: readonly string[]): Flags {
  const number = (allowed: RegExp, least: number, most: number) => (text: string) => {
    if (allowed.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };
  return new Command('npm run soak:agent --')
    .description('Healthy servers under agents at their defaults on a busy machine: does anybody cry wolf?')
    .option('--minutes <n>', 'how long nothing may happen', number(/^\d+(\.\d+)?$/, 0.1, 1_440), 10)
    .option('--load <n>', 'processes that want a core each', number(/^\d+$/, 0, 256), 2 * availableParallelism())
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv)
    .opts<Flags>();
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const COLUMNS: readonly (readonly [string, (seen: Observed) => string | number])[] = [
  ['instance', ({ id }) => id],
  ['probes', ({ probes }) => probes],
  ['failed', ({ failedProbes }) => failedProbes],
  ['spared', ({ spared }) => spared],
  ['warnings', ({ warnings }) => warnings],
  ['criticals', ({ criticals }) => criticals],
  ['missing', ({ missing }) => missing],
  ['restarts', ({ restarts }) => restarts],
  ['incidents', ({ incidents }) => incidents],
  ['beats', ({ beats }) => beats],
  ['longest between two beats', ({ longestBeatGapMs }) => `${Math.round(longestBeatGapMs)} ms`],
];

function tableOf(observed: readonly Observed[]): string {
  const table = new Table({
    head: COLUMNS.map(([title]) => title),
    style: { head: [], border: [], compact: true },
    colAligns: COLUMNS.map((_, at) => (at === 0 ? 'left' : 'right')),
  });
  for (const seen of observed) table.push(COLUMNS.map(([, cell]) => cell(seen)));
  return table.toString();
}

async function run({ minutes, load }: Flags, cleanup: Cleanup): Promise<number> {
  ensureBuild(ROOT, say);
  const house = new CalmHouse(cleanup, (line) => say(`${new Date().toISOString()}  ${line}`));
  await house.open();
  startBurners(load, minutes * 60_000 + BESIDE_MS, cleanup);
  const cores = availableParallelism();
  say(
    `three servers are passing; ${load} processes want ${cores} cores for ${minutes} minutes, and nothing may happen`,
  );
  const alarm = new AbortController();
  cleanup.add(() => alarm.abort());
  await lasts(minutes * 60_000, alarm.signal);
  const observed = await house.observed();
  const faults = falseAlarmsOf(observed);
  say(`${tableOf(observed)}\nthe load of the machine was ${(loadavg()[0] ?? 0).toFixed(1)} in its last minute`);
  const found = (await house.hang()).map((ms) => `${Math.round(ms)} ms`).join(', ');
  say(`under the same load, servers that hang are critical in the catalog after ${found}`);
  for (const fault of faults) say(pc.red(`✗ ${fault}`));
  if (faults.length === 0) say(pc.green('✓ nobody cried wolf'));
  return faults.length === 0 ? 0 : 1;
}

function lasts(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
}

runCommand(parseFlags, run);
