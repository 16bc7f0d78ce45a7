#!/usr/bin/env node
/**
 * The load as a process. Speaks in JSON lines: the client's events, the load's own, a `progress` each second and a
 * `summary` at the end. Ends after --seconds, on SIGINT or SIGTERM, or when the parent that holds its IPC channel is
 * gone; asked `report` over that channel it answers with a summary at once.
 */
import { credentials } from '@grpc/grpc-js';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { registerUnderstudy, type Understudy } from '../index';
import { CalculatorClient, calculatorService } from '../proto/calculator';
import { AppendFile } from './append-file';
import { Load } from './load';

interface Flags {
  readonly target: string;
  readonly rate: number;
  readonly memoryAddEvery: number;
  readonly deadlineMs: number;
  readonly seconds?: number;
  readonly acknowledged?: string;
}

const PROGRESS_MS = 1_000;

function positive(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

function parseFlags(argv: readonly string[]): Flags {
  return new Command('calculator-load')
    .description('A steady load on the calculators through the Understudy client.')
    .option('--target <uri>', 'what to call', 'consul:///calculator')
    .option('--rate <calls>', 'calls per second', positive, 200)
    .option('--memory-add-every <n>', 'every n-th call is a MemoryAdd, the others are Adds', positive, 4)
    .option('--deadline-ms <ms>', 'deadline of each call', positive, 1_000)
    .option('--seconds <n>', 'end after this long; without it: at a signal', positive)
    .option('--acknowledged <file>', 'append the id of each acknowledged MemoryAdd to this file')
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv)
    .opts<Flags>();
}

function say(event: object): void {
  process.stdout.write(`${JSON.stringify({ atMs: Date.now(), ...event })}\n`);
}

function sayEvents(understudy: Understudy): void {
  const { events } = understudy;
  events.on('start', (event) => say({ event: 'start', ...event }));
  events.on('failover', (event) => say({ event: 'failover', ...event }));
  events.on('failback', (event) => say({ event: 'failback', ...event }));
  events.on('endpoint', (event) => say({ event: 'endpoint', ...event }));
  events.on('attempt-failed', (event) => say({ event: 'attempt-failed', ...event }));
}

async function run(flags: Flags): Promise<void> {
  const acknowledged = flags.acknowledged === undefined ? undefined : AppendFile.open(flags.acknowledged);
  const understudy = registerUnderstudy({ services: [calculatorService] });
  sayEvents(understudy);
  const client = new CalculatorClient(flags.target, credentials.createInsecure(), understudy.channelOptions);
  const options = {
    callsPerSecond: flags.rate,
    memoryAddEvery: flags.memoryAddEvery,
    deadlineMs: flags.deadlineMs,
    runId: `load-${process.pid}-${Date.now().toString(36)}`,
  };
  const load = new Load(client, options, say);
  const report = (): object => ({ ...load.report(), client: understudy.counters('calculator') });
  let listed: Promise<void> = Promise.resolve();
  /** Resolves when all of them are written. A busy disk keeps waiting who wants to know, and no call. */
  const listAcknowledged = (): Promise<void> => {
    const ids = load.takeAcknowledged();
    if (ids.length > 0 && acknowledged !== undefined) listed = acknowledged.append(ids.join('\n'));
    return listed;
  };
  load.start();
  try {
    await untilEnded(flags.seconds, {
      progress: () => {
        say({ event: 'progress', ...report() });
        return listAcknowledged();
      },
      asked: async () => {
        await listAcknowledged();
        process.send?.({ event: 'report', ...report() });
      },
    }).finally(() => load.stop());
    await listAcknowledged();
    say({ event: 'summary', ...report() });
  } finally {
    client.close();
    await understudy.close();
  }
}

interface Duties {
  /** Each second. */
  readonly progress: () => Promise<void>;
  /** The parent wants to know. */
  readonly asked: () => Promise<void>;
}

/** @throws what one of the duties throws */
async function untilEnded(seconds: number | undefined, { progress, asked }: Duties): Promise<void> {
  const timers: NodeJS.Timeout[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      timers.push(setInterval(() => void progress().catch(reject), PROGRESS_MS));
      if (seconds !== undefined) timers.push(setTimeout(resolve, seconds * 1_000));
      process.on('message', () => void asked().catch(reject));
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
      process.once('disconnect', () => resolve());
    });
  } finally {
    for (const timer of timers) clearInterval(timer);
  }
}

async function main(): Promise<void> {
  // Whoever reads us may be gone before us.
  process.stdout.on('error', () => undefined);
  try {
    await run(parseFlags(process.argv));
  } catch (error) {
    process.exitCode = 2;
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) process.exitCode = 0;
      return;
    }
    process.stderr.write(`calculator-load: ${error instanceof Error ? error.message : String(error)}\n`);
  } finally {
    if (process.connected) process.disconnect();
  }
}

void main();
