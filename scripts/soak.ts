/**
 * `npm run soak`: faults that a seed draws, at times that it draws, under one load that never stops, on real processes.
 * Exit code 1 when a safe call was lost, or the ledgers hold anything twice or not at all. Leaves nothing behind.
 */
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { parseClientOptions } from '../client/options';
import { faultsOf } from './chaos/figures';
import { randomFrom } from './chaos/random-from';
import { Scene, SIZE } from './chaos/scene';
import { SOAK_FAULTS } from './chaos/soak-faults';
import { findConsul } from './consul-binary';
import type { Cleanup } from './quickstart/cleanup';
import { ensureBuild } from './quickstart/fresh-build';
import { runCommand } from './run-command';

interface Flags {
  readonly minutes: number;
  readonly seed: number;
}

const ROOT = resolve(__dirname, '..');
const MOST_SEEDS = 1_000_000;
const MAX_PAUSE_MS = 5_000;
/** In which agents notice that a server is ill: until then the catalog says passing. */
const NOTICED_MS = 2_500;
/** A client does not trust a primary that fell often for as long as its options allow. */
const LONGEST_HOLD_MS = parseClientOptions({}).failbackMaxHoldMs;
const LIMITS = { lostSafe: 0, falseFailovers: null, gapMs: null };

function parseFlags(argv: readonly string[]): Flags {
  const minutes = (text: string): number => {
    if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0 && Number(text) <= 10_080) return Number(text);
    throw new InvalidArgumentError('It must be a number of minutes, above 0 and at most 10080 (a week).');
  };
  const seed = (text: string): number => {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new InvalidArgumentError('It must be a whole number of at most nine digits.');
  };
  return new Command('npm run soak --')
    .description('Random faults at random times under one load: what was lost, and what was done twice.')
    .option('--minutes <n>', 'how long faults go on', minutes, 10)
    .addOption(
      new Option('--seed <s>', 'draws the faults, their places and their times')
        .argParser(seed)
        .default(randomInt(MOST_SEEDS), 'another one each time'),
    )
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv)
    .opts<Flags>();
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** One fault after the other, each when the one before is over and all are passing again: a cluster with nobody left proves nothing. */
async function strikes(scene: Scene, { minutes, seed }: Flags): Promise<void> {
  const random = randomFrom(seed);
  const beganMs = performance.now();
  const sinceMs = (): number => performance.now() - beganMs;
  while (sinceMs() < minutes * 60_000) {
    const fault = SOAK_FAULTS[Math.floor(random() * SOAK_FAULTS.length)] ?? SOAK_FAULTS[0];
    const tier = Math.floor(random() * SIZE);
    await scene.lasts(random() * MAX_PAUSE_MS);
    const { load } = scene;
    const before = { calls: load.ended, lost: load.lostSafe.length + load.lostStreams.length };
    const at = (sinceMs() / 1_000).toFixed(1).padStart(7);
    await fault.strike(scene, tier);
    await scene.lasts(NOTICED_MS);
    const wholeMs = await scene.whole();
    const lost = load.lostSafe.length + load.lostStreams.length - before.lost;
    say(
      `${pc.dim(`${at} s`)}  node ${tier + 1}: ${fault.name}; ${load.ended - before.calls} calls, ${lost} lost, ` +
        (wholeMs === null ? 'not all came back' : `all passing after ${NOTICED_MS + wholeMs} ms`),
    );
    if (wholeMs === null) return;
  }
}

async function run(flags: Flags, cleanup: Cleanup): Promise<number> {
  ensureBuild(ROOT, say);
  say(`seed ${flags.seed}; again with: npm run soak -- --minutes ${flags.minutes} --seed ${flags.seed}`);
  const scene = new Scene({ kept: 'agents', consul: 'one' }, await findConsul());
  cleanup.add(() => scene.end());
  await scene.begin();
  scene.strike();
  await strikes(scene, flags);
  scene.heal();
  const figures = await scene.figures(0, await scene.recovered(LONGEST_HOLD_MS));
  const { calls, lostSafe, unsafeFailed, executedTwice, acknowledgedButLost, failovers, gapMs } = figures;
  say(`${calls} calls: ${lostSafe} safe ones lost, ${unsafeFailed} unsafe ones failed, ${failovers} failovers,`);
  say(`${executedTwice} executed twice, ${acknowledgedButLost} acknowledged and lost; the longest gap was ${gapMs} ms`);
  for (const failure of figures.failures) say(pc.dim(`lost: ${failure}`));
  const faults = faultsOf(figures, LIMITS);
  for (const fault of faults) say(pc.red(`✗ ${fault}`));
  if (faults.length === 0) say(pc.green('✓ every limit was kept'));
  return faults.length === 0 ? 0 : 1;
}

runCommand(parseFlags, run);
