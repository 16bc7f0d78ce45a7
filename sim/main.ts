/**
 * `npm run sim`: runs seeds, prints and shrinks what broke, and replays one seed to the letter.
 */
import { parseArgs } from 'node:util';
import { describeFault } from './faults';
import { runSeed, type RunResult } from './run';
import { shrink } from './shrink';

const { values } = parseArgs({
  options: {
    /** How many seeds … */
    seeds: { type: 'string', default: '100' },
    /** … beginning with this one. */
    from: { type: 'string', default: '1' },
    /** Play this one alone, and show what happens. */
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function figures({ lines: _lines, schedule, ...rest }: RunResult): object {
  return { ...rest, faults: schedule.faults };
}

async function replay(seed: number): Promise<number> {
  const result = await runSeed(seed);
  if (values.json) say(JSON.stringify({ ...figures(result), lines: result.lines }));
  else {
    for (const line of result.lines) say(line);
    say(`seed ${seed}: ${result.violations.join('; ') || 'every promise was kept'}; fingerprint ${result.fingerprint}`);
  }
  return result.violations.length === 0 ? 0 : 1;
}

async function tell(broken: RunResult): Promise<object> {
  const { schedule, runs } = await shrink(broken);
  if (!values.json) {
    say(`seed ${broken.seed}: ${broken.violations.join('; ')}`);
    say(`  replay: npm run sim -- --seed ${broken.seed}; after ${runs} runs these faults are left:`);
    for (const fault of schedule.faults) say(`  ${describeFault(fault)}`);
  }
  return { ...figures(broken), left: schedule.faults };
}

async function many(from: number, count: number): Promise<number> {
  const startedMs = performance.now();
  const failures: object[] = [];
  const sums = { events: 0, simulatedMs: 0, calls: 0, slowestConvergenceMs: 0 };
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await runSeed(seed);
    sums.events += result.events;
    sums.simulatedMs += result.simulatedMs;
    sums.calls += result.calls.all;
    sums.slowestConvergenceMs = Math.max(sums.slowestConvergenceMs, result.convergedAfterMs ?? 0);
    if (result.violations.length > 0) failures.push(await tell(result));
  }
  const tookS = (performance.now() - startedMs) / 1_000;
  const eventsPerS = Math.round(sums.events / tookS);
  const megabytes = Math.round(process.memoryUsage().rss / 2 ** 20);
  if (values.json) say(JSON.stringify({ seeds: count, tookS, eventsPerS, megabytes, ...sums, failures }));
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

const run = values.seed === undefined ? many(Number(values.from), Number(values.seeds)) : replay(Number(values.seed));
void run.then((code) => (process.exitCode = code));
