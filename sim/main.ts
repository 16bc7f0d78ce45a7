/**
 * `npm run sim`: runs seeds, prints and shrinks what broke, and replays one seed to the letter; or lets failures roll through
 * a fleet of thousands.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { describeFault } from './faults';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPage } from './scale/load-page';
import { runScale } from './scale/run-scale';
import { scaleFigures, scaleLines } from './scale/scale-text';
import { runSeed, type RunResult } from './run';
import { shrink } from './shrink';

interface Flags {
  readonly seeds: number;
  readonly from: number;
  readonly seed?: number;
  readonly json: boolean;
  readonly scale: boolean;
  readonly estimate: boolean;
  readonly instances: number;
  readonly clients: number;
}

function whole(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

function parseFlags(argv: readonly string[]): Flags {
  return new Command('npm run sim --')
    .description('Plays faults drawn from seeds against the real core in a simulated world, and judges every promise.')
    .option('--seeds <n>', 'how many seeds', whole, 100)
    .option('--from <seed>', 'the first of them', whole, 1)
    .option('--seed <seed>', 'this one alone, with its trace', whole)
    .option('--scale', 'a fleet in place of the seeds: failures roll through it, and what it costs is printed', false)
    .option('--instances <n>', 'of the fleet, ten to a service', whole, 10_000)
    .option('--clients <n>', 'of the fleet, each calls one to three services', whole, 1_000)
    .option('--estimate', 'write docs/scale.md: what fleets of several sizes ask of Consul', false)
    .option('--json', 'print one JSON object at the end, and nothing else', false)
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv)
    .opts<Flags>();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function figures({ lines: _lines, schedule, ...rest }: RunResult): object {
  return { ...rest, faults: schedule.faults };
}

async function replay(seed: number, json: boolean): Promise<number> {
  const result = await runSeed(seed);
  if (json) say(JSON.stringify({ ...figures(result), lines: result.lines }));
  else {
    for (const line of result.lines) say(line);
    say(`seed ${seed}: ${result.violations.join('; ') || 'every promise was kept'}; fingerprint ${result.fingerprint}`);
  }
  return result.violations.length === 0 ? 0 : 1;
}

async function tell(broken: RunResult, json: boolean): Promise<object> {
  const { schedule, runs } = await shrink(broken);
  if (!json) {
    say(`seed ${broken.seed}: ${broken.violations.join('; ')}`);
    say(`  replay: npm run sim -- --seed ${broken.seed}; after ${runs} runs these faults are left:`);
    for (const fault of schedule.faults) say(`  ${describeFault(fault)}`);
  }
  return { ...figures(broken), left: schedule.faults };
}

async function many({ from, seeds: count, json }: Flags): Promise<number> {
  const startedMs = performance.now();
  const failures: object[] = [];
  const sums = { events: 0, simulatedMs: 0, calls: 0, slowestConvergenceMs: 0 };
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await runSeed(seed);
    sums.events += result.events;
    sums.simulatedMs += result.simulatedMs;
    sums.calls += result.calls.all;
    sums.slowestConvergenceMs = Math.max(sums.slowestConvergenceMs, result.convergedAfterMs ?? 0);
    if (result.violations.length > 0) failures.push(await tell(result, json));
  }
  const tookS = (performance.now() - startedMs) / 1_000;
  const eventsPerS = Math.round(sums.events / tookS);
  const megabytes = Math.round(process.memoryUsage().rss / 2 ** 20);
  if (json) say(JSON.stringify({ seeds: count, tookS, eventsPerS, megabytes, ...sums, failures }));
  else {
    say(
      `${count} seeds, ${failures.length} broke a promise; ${sums.calls} calls in ${Math.round(sums.simulatedMs / 1_000)} s of simulated time`,
    );
    say(
      `${sums.events} events in ${tookS.toFixed(1)} s: ${eventsPerS} a second, ${megabytes} MB; slowest convergence ${sums.slowestConvergenceMs} ms`,
    );
  }
  return failures.length === 0 ? 0 : 1;
}

async function fleet({ seed = 1, instances, clients, json }: Flags): Promise<number> {
  const tell = (nowMs: number): void => void process.stderr.write(`\r${nowMs / 1_000} s of simulated time `);
  const result = await runScale(seed, { instances, clients }, process.stderr.isTTY ? tell : () => undefined);
  if (process.stderr.isTTY) process.stderr.write('\r');
  if (json) say(JSON.stringify(scaleFigures(result)));
  else for (const line of scaleLines(result)) say(line);
  return result.missing === '' && result.calls.lostSafe === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  let flags: Flags;
  try {
    flags = parseFlags(process.argv);
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
  }
  if (flags.estimate) {
    writeFileSync(join(__dirname, '../docs/scale.md'), loadPage());
    return 0;
  }
  if (flags.scale) return fleet(flags);
  return flags.seed === undefined ? many(flags) : replay(flags.seed, flags.json);
}

void main().then((code) => (process.exitCode = code));
