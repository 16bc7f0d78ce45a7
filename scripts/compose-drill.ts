/**
 * Brings the Compose cluster up, harms it in every way that docs/compose.md describes, and measures what the callers
 * noticed. Exit code 0 only when every limit of scripts/compose/limits.ts was kept. Takes everything down again.
 */
import Table from 'cli-table3';
import { Command, CommanderError, Option } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../runtime/system-clock';
import { Cluster } from './compose/cluster';
import { missingEngine } from './compose/docker';
import { Drill, type DrillListener } from './compose/drill';
import { drillSteps } from './compose/drill-steps';
import { faultsOf, STEPS, type StepFigures, type StepName } from './compose/limits';
import { LoadFeed } from './compose/load-feed';
import type { LoadLine } from './quickstart/load-lines';

interface Flags {
  readonly json: boolean;
  readonly steps: readonly StepName[];
}

const clock = systemClock({ holdsProcess: true });

function parseFlags(argv: readonly string[]): Flags {
  return new Command('npm run compose:drill --')
    .description('The Compose cluster, harmed step by step; what it cost the callers, and whether that was too much.')
    .addOption(new Option('--steps <names...>', 'only these').choices(STEPS).default(STEPS))
    .option('--json', 'print one JSON object at the end, and nothing else', false)
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv)
    .opts<Flags>();
}

async function drill(flags: Flags, signal: AbortSignal): Promise<readonly StepFigures[]> {
  const say = (line: string): void => {
    if (!flags.json) process.stdout.write(`${line}\n`);
  };
  const beganMs = clock.nowMs();
  const stamp = (): string => pc.dim(`${((clock.nowMs() - beganMs) / 1_000).toFixed(1).padStart(6)} s`);
  const cluster = await Cluster.prepare(signal);
  const feed = new LoadFeed((line) => {
    const told = moveText(line);
    if (told !== undefined) say(`${stamp()}  ${pc.cyan(told)}`);
  });
  try {
    say(`${stamp()}  docker compose up --build (as ${cluster.project}) …`);
    await cluster.up();
    feed.follow(await cluster.containerOf('load'));
    const runner = new Drill(cluster, feed, listenerOf(say, stamp), signal);
    await runner.warmUp();
    say(`${stamp()}  all Calculators are passing, calls are answered; Consul's UI: ${cluster.ui}/ui`);
    const results: StepFigures[] = [];
    for (const step of drillSteps(cluster, feed, () => clock.nowMs()))
      if (flags.steps.includes(step.name)) {
        const figures = await runner.run(step);
        results.push(figures);
        for (const failure of figures.failures) say(pc.dim(`            failed: ${failure}`));
      }
    return results;
  } finally {
    await feed.stop();
    say(`${stamp()}  docker compose down --volumes …`);
    await cluster.down();
    say(`${stamp()}  nothing is left`);
  }
}

function moveText({ event, ...line }: LoadLine): string | undefined {
  if (event !== 'failover' && event !== 'failback') return undefined;
  return `client: ${event} to tier ${String(line['to'])}: ${String(line['reason'])}`;
}

function listenerOf(say: (line: string) => void, stamp: () => string): DrillListener {
  const indented = (text: string): string => text.replace(/^/gm, '            ');
  return {
    began: ({ name, title }) => say(`\n${pc.bold(`${name}: ${title}`)}`),
    happened: (what) => say(`${stamp()}  ${pc.yellow(what)}`),
    looked: (when, byConsul, byStatus) => {
      say(`${stamp()}  ${when}, by Consul's API:\n${indented(byConsul)}`);
      say(`${stamp()}  ${when}, by understudy status:\n${indented(byStatus)}`);
    },
  };
}

function figuresTable(results: readonly StepFigures[]): string {
  const table = new Table({
    head: ['step', 'calls', 'lost', 'unsafe failed', 'duplicated', 'acknowledged, lost', 'gap', 'moves', 'recovered'],
    colAligns: ['left', ...Array<'right'>(8).fill('right')],
    style: { head: [], border: [] },
  });
  for (const one of results) {
    const recovered = one.recoveredMs === null ? 'never' : `${(one.recoveredMs / 1_000).toFixed(1)} s`;
    table.push([
      one.step,
      one.calls,
      one.lost,
      one.unsafeFailed,
      one.duplicated,
      one.acknowledgedButLost,
      `${Math.round(one.gapMs)} ms`,
      one.moves,
      recovered,
    ]);
  }
  return table.toString();
}

/** Prints what came out; resolves with the exit code. */
function conclude(results: readonly StepFigures[], json: boolean): number {
  const faults = results.flatMap((figures) => faultsOf(figures));
  const ok = faults.length === 0;
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok, faults, steps: results })}\n`);
    return ok ? 0 : 1;
  }
  process.stdout.write(`\n${figuresTable(results)}\n`);
  for (const fault of faults) process.stdout.write(`${pc.red(`✗ ${fault}`)}\n`);
  if (ok) process.stdout.write(`${pc.green('✓ every limit was kept')}\n`);
  return ok ? 0 : 1;
}

async function main(): Promise<number> {
  let flags: Flags;
  try {
    flags = parseFlags(process.argv);
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
  }
  const missing = missingEngine();
  if (missing !== undefined) {
    process.stderr.write(`the drill needs Docker with Compose v2: ${missing}\n`);
    return 2;
  }
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => interrupted.abort(new Error('interrupted')));
  try {
    const results = await drill(flags, interrupted.signal);
    return conclude(results, flags.json);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return interrupted.signal.aborted ? 130 : 1;
  }
}

void main().then((code) => {
  process.exitCode = code;
});
