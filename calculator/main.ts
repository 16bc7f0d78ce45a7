#!/usr/bin/env node
/**
 * The calculator as a process. Speaks on stdout in JSON lines: `listening`, `draining`, `stopped`. A user's mistake is
 * one line on stderr and exit code 2; a drain that had to cut calls ends with exit code 1.
 */
import { logVerbosity, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { drainOnSignal } from '../server/index';
import type { MemoryRecorder } from './handlers';
import { Ledger } from './ledger';
import { MemoryFile } from './memory-file';
import { calculatorServer } from './server';
import { SharedCalls } from './shared-calls';

interface Flags {
  readonly host: string;
  readonly port: number;
  readonly instance: string;
  readonly ledger?: string;
  readonly exactlyOnce?: string;
  readonly memory?: string;
  readonly allowFaults: boolean;
  readonly serviceTimeMs: number;
  readonly drainGraceMs: number;
  readonly drainTimeoutMs: number;
}

const MAX_PORT = 65_535;

function whole(max: number) {
  return (text: string): number => {
    if (/^\d+$/.test(text) && Number(text) <= max) return Number(text);
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${max}.`);
  };
}

function parseFlags(argv: readonly string[]): Flags {
  const wholeMs = whole(2 ** 31 - 1);
  return new Command('calculator')
    .description('The example server of Understudy: calculator.v1 with health, reflection and a polite exit.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on, 0 for any free one', whole(MAX_PORT), 0)
    .option('--instance <name>', 'name in every answer', `calculator-${process.pid}`)
    .option('--ledger <file>', 'append every executed MemoryAdd to this file')
    .option(
      '--exactly-once <folder>',
      'remember call ids in this folder, shared with other calculators; needs --ledger',
    )
    .option('--memory <file>', 'keep the memory in this file, and start with what it holds')
    .option('--allow-faults', 'serve calculator.v1.Faults, for tests and drills', false)
    .option('--service-time-ms <ms>', 'time that a call takes', wholeMs, 0)
    .option('--drain-grace-ms <ms>', 'time for callers to leave before connections close', wholeMs, 300)
    .option('--drain-timeout-ms <ms>', 'bound of the whole drain', wholeMs, 10_000)
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv)
    .opts<Flags>();
}

async function serve(flags: Flags): Promise<void> {
  const { host, instance, allowFaults, serviceTimeMs, drainGraceMs, drainTimeoutMs } = flags;
  const shared = sharedCallsOf(flags);
  const ledger = flags.ledger === undefined ? undefined : Ledger.open(flags.ledger);
  const kept = flags.memory === undefined ? undefined : MemoryFile.open(flags.memory);
  const record: MemoryRecorder = {
    add: async (addition) => {
      await ledger?.append({ ...addition, instance, stamp: new Date().toISOString() });
      await kept?.add(addition.amount);
    },
    clear: async () => kept?.clear(),
  };
  const close = async (): Promise<void> => {
    await ledger?.close();
    await kept?.close();
  };
  const memory = kept?.value ?? 0;
  const { server, health } = calculatorServer({ instance, memory, record, allowFaults, serviceTimeMs, ...shared });
  try {
    const port = await listen(server, host, flags.port);
    drainOnSignal({
      server,
      health,
      graceMs: drainGraceMs,
      timeoutMs: drainTimeoutMs,
      onDraining: (signal) => say('draining', { instance, signal }),
      onStopped: (report) => {
        const stopped = (): void => {
          say('stopped', { instance, ...report }, () => process.exit(report.drained ? 0 : 1));
        };
        // What was not answered in time may still wait for the disk.
        void (report.drained ? close() : Promise.resolve()).finally(stopped);
      },
    });
    say('listening', { instance, address: host, port, pid: process.pid });
  } catch (error) {
    server.forceShutdown();
    await close();
    throw error;
  }
}

function sharedCallsOf({ exactlyOnce, ledger }: Flags): { dedupStore?: SharedCalls } {
  if (exactlyOnce === undefined) return {};
  if (ledger === undefined)
    throw new Error('--exactly-once needs --ledger: it shows what a calculator that died had done');
  return { dedupStore: new SharedCalls(exactlyOnce, ledger) };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  // A failed bind is reported below; the library would log it as well.
  const isQuiet = process.env['GRPC_VERBOSITY'] === undefined;
  if (isQuiet) setLogVerbosity(logVerbosity.NONE);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (isQuiet) setLogVerbosity(logVerbosity.ERROR);
      if (error === null) resolve(bound);
      else if (error.message.includes('EADDRINUSE')) {
        reject(new Error(`${address} is in use: choose another --port, or 0 for any free one`));
      } else reject(new Error(`cannot listen on ${address}: ${error.message}`));
    });
  });
}

function say(event: string, facts: object, done?: () => void): void {
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`, done);
}

async function main(): Promise<void> {
  // Whoever read our events may be gone before us; that is no reason to fail while draining.
  process.stdout.on('error', () => undefined);
  try {
    await serve(parseFlags(process.argv));
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.stderr.write(`calculator: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}

void main();
