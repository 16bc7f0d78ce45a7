/**
 * How long a server is gone that dies or hangs under an agent of the defaults, and how long the server itself takes to
 * start: what is left between the two is the agent's own share. A real Consul, the built package, real signals.
 */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { freePorts } from '../consul/free-ports';
import { firstAnswer, LOOK_EVERY_MS } from './first-answer';
import { Patient, type Recovery } from './recovery-patient';
import { circumstances } from './results';
import type { SheetPart } from './sheet-part';
import { Site } from './site';
import { median, quantile, rounded } from './statistics';

const CALCULATOR = resolve(__dirname, '../../dist/calculator/main.js');
const SMALL = join(__dirname, 'three-hundred-ms-server.cjs');

const SERVERS = [
  { name: '300 ms server', command: (port: number) => [process.execPath, SMALL, String(port)] },
  { name: 'Calculator', command: (port: number) => [process.execPath, CALCULATOR, '--port', String(port)] },
] as const;
const FAULTS = [
  { name: 'kill -9', signal: 'SIGKILL' },
  { name: 'SIGSTOP', signal: 'SIGSTOP' },
] as const;

export const RECOVERY: SheetPart = {
  name: 'recovery',
  title: 'How long a server is gone that its agent restarts',
  words: `An agent whose configuration is a name, an address, a port and Consul's address, and nothing else; the server is its
child and has run stably for the 15 s that the defaults ask for. The faults come at moments spread evenly over the second between
two probes. Times run from the signal to when a blocking query on Consul
answers: \`critical\`, and \`passing\` again. Between them the agent has \`started\` the next process, and that \`answers\` well,
asked every ${LOOK_EVERY_MS} ms; what is between those two is the server's own start, and \`passing - start\` is \`passing\` less that of the
same run: what the agent and Consul add. \`start alone\` is the same server in the same round without an agent.

- The \`300 ms server\` is [some lines of JavaScript](../scripts/bench/three-hundred-ms-server.cjs) that listen 300 ms after
  their process began; the Calculator has grpc-js and all of itself to load.
- A server that is stopped uses none of the 3 s that the defaults give a polite end (\`restart.killAfter\`), and is killed
  after them. Callers left it long before: they notice by their own calls.
- With fewer than 20 runs p95 is the worst.`,
  columns: {
    server: 'server',
    fault: 'fault',
    until: 'until',
    runs: 'runs',
    medianMs: 'median ms',
    p95Ms: 'p95 ms',
    maxMs: 'worst ms',
  },
  async measure({ command, quick, runs = quick ? 1 : 10 }, cleanup, say) {
    const site = await Site.start(cleanup, say);
    const where = circumstances(command, site.consul.version);
    const wards: Ward[] = [];
    for (const server of SERVERS) {
      const patients = [];
      for (const { signal } of FAULTS) {
        const [port = 0] = await freePorts(1);
        patients.push({ signal, patient: await Patient.admit(site, port, server.command(port), cleanup) });
      }
      wards.push({ ...server, patients, startsMs: [], recoveries: { SIGKILL: [], SIGSTOP: [] } });
    }
    // What the first of all costs is this process, which is not warm yet.
    for (const { command: server } of wards) await startMs(site, server);
    for (let run = 1; run <= runs; run += 1) {
      for (const ward of wards) ward.startsMs.push(await startMs(site, ward.command));
      for (const { patients, recoveries } of wards)
        for (const { signal, patient } of patients)
          recoveries[signal].push(await patient.strike(signal, (run - 0.5) / runs));
      say(`recovery: run ${run} of ${runs} is done`);
    }
    return { ...where, rows: wards.flatMap(rowsOf) };
  },
};

/** One kind of server: a patient for each fault, and what was measured of them, run by run. */
interface Ward {
  readonly name: string;
  readonly command: (port: number) => readonly string[];
  readonly patients: readonly { readonly signal: 'SIGKILL' | 'SIGSTOP'; readonly patient: Patient }[];
  readonly startsMs: number[];
  readonly recoveries: Readonly<Record<'SIGKILL' | 'SIGSTOP', Recovery[]>>;
}

/** @returns from the start of the process to its first good answer */
async function startMs(site: Site, command: Ward['command']): Promise<number> {
  const [port = 0] = await freePorts(1);
  const [program = '', ...args] = command(port);
  const beganMs = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], detached: true });
  site.own(child);
  const tookMs = (await firstAnswer(port)) - beganMs;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await ended;
  return tookMs;
}

function rowsOf({ name, startsMs, recoveries }: Ward): ReturnType<typeof rowOf>[] {
  const start = rowOf(name, '-', 'start alone', startsMs);
  const faults = FAULTS.flatMap(({ name: fault, signal }) => {
    const found = recoveries[signal];
    const of = (until: string, figure: (one: Recovery) => number) => rowOf(name, fault, until, found.map(figure));
    return [
      of('critical', ({ criticalMs }) => criticalMs),
      of('started', ({ startedMs }) => startedMs),
      of('answers', ({ answersMs }) => answersMs),
      of('passing', ({ passingMs }) => passingMs),
      of('passing - start', ({ passingMs, answersMs, startedMs }) => passingMs - (answersMs - startedMs)),
    ];
  });
  return [start, ...faults];
}

function rowOf(server: string, fault: string, until: string, valuesMs: readonly number[]) {
  return {
    ...{ server, fault, until, runs: valuesMs.length },
    medianMs: rounded(median(valuesMs), 0),
    p95Ms: rounded(quantile(valuesMs, 0.95), 0),
    maxMs: rounded(Math.max(...valuesMs), 0),
  };
}
