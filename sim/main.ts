/**
 * `npm run sim`: runs seeds, prints what broke, and replays one to the letter.
 */
import { parseArgs } from 'node:util';
import { describeFault } from './faults';
import { runSeed, type RunResult } from './run';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function replay(seed: number): Promise<number> {
  const result = await runSeed(seed);
  for (const line of result.lines) say(line);
  say(JSON.stringify({ ...result, lines: undefined, schedule: undefined }));
  return result.violations.length === 0 ? 0 : 1;
}

async function many(from: number, count: number): Promise<number> {
  const startedMs = performance.now();
  let [events, simulatedMs, failed, longest] = [0, 0, 0, 0];
  for (let seed = from; seed < from + count; seed += 1) {
    const result: RunResult = await runSeed(seed);
    events += result.events;
    simulatedMs += result.simulatedMs;
    longest = Math.max(longest, result.convergedAfterMs ?? 0);
    if (result.violations.length === 0) continue;
    failed += 1;
    say(`seed ${seed}: ${result.violations[0]}`);
    for (const fault of result.schedule.faults) say(`   ${describeFault(fault)}`);
  }
  const tookS = (performance.now() - startedMs) / 1_000;
  say(
    `${count} seeds, ${failed} failed; ${events} events in ${tookS.toFixed(1)} s (${Math.round(events / tookS)}/s), ${Math.round(simulatedMs / 1_000)} s simulated, slowest convergence ${longest} ms`,
  );
  return failed === 0 ? 0 : 1;
}

const run = values.seed === undefined ? many(Number(values.from), Number(values.seeds)) : replay(Number(values.seed));
void run.then((code) => (process.exitCode = code));
