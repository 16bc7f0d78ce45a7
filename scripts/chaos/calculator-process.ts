import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { credentials } from '@grpc/grpc-js';
import type { ChannelOptions, Client } from '@grpc/grpc-js';
import { CalculatorClient, FaultsClient, faultsService } from '../../proto/calculator';
import type { Fault } from '../../proto/generated/calculator/v1/Fault';
import { unary } from './unary';
import { program, ROOT } from './program';

/**
 * A real Calculator in a process of its own. Runs the build if it is newer than the sources (`npm test` makes it), and
 * the sources otherwise. Whoever starts one stops it: `afterEach(() => calculator.stop())`.
 */
export interface CalculatorProcess {
  readonly instance: string;
  readonly pid: number;
  readonly port: number;
  /** `127.0.0.1:40123`. */
  readonly address: string;
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<ProcessEnd>;
  /** Everything that it said on stdout so far. */
  readonly events: readonly CalculatorEvent[];
  /** The first event of this name, also one that was said before. Rejects if the process ends without saying it. */
  event(name: string): Promise<CalculatorEvent>;
  /** A client on a connection of its own; closed by `stop`. */
  client(options?: ChannelOptions): CalculatorClient;
  setFault(fault: Fault): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Stops listening to it, as a parent does that has died. */
  closeOutput(): void;
  /** Ends the process, by force if it does not go by itself; idempotent. */
  stop(): Promise<ProcessEnd>;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export type CalculatorEvent = Readonly<Record<string, unknown>> & { readonly event: string };

export interface StartOptions {
  readonly instance: string;
  readonly port?: number;
  readonly ledger?: string;
  readonly allowFaults?: boolean;
  /** Further flags of calculator/main.ts. */
  readonly args?: readonly string[];
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

const STOP_PATIENCE_MS = 5_000;

/** Resolves when the server listens; rejects with what it wrote on stderr if it ends before. */
export async function startCalculator(options: StartOptions): Promise<CalculatorProcess> {
  const child = spawn(
    process.execPath,
    [...program('calculator', 'main', ['calculator', 'server', 'proto', 'runtime']), ...flagsOf(options)],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const exited = endOf(child);
  const { events, event } = eventsOf(child, exited);
  const { pid, port, address } = (await event('listening')) as unknown as {
    pid: number;
    port: number;
    address: string;
  };

  const clients = new Set<Client>();
  const opened = <T extends Client>(client: T): T => {
    clients.add(client);
    return client;
  };
  const target = `${address}:${port}`;
  return {
    instance: options.instance,
    pid,
    port,
    address: target,
    exited,
    events,
    event,
    client: (channel) => opened(new CalculatorClient(target, credentials.createInsecure(), channel)),
    async setFault(fault) {
      const client = opened(new FaultsClient(target, credentials.createInsecure()));
      await unary(client, faultsService.SetFault, fault);
      client.close();
    },
    signal: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout.destroy(),
    async stop() {
      for (const client of clients) client.close();
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
      const end = await exited;
      clearTimeout(force);
      return end;
    },
  };
}

function flagsOf({ instance, port = 0, ledger, allowFaults = false, args = [] }: StartOptions): readonly string[] {
  const flags = ['--instance', instance, '--port', String(port)];
  if (ledger !== undefined) flags.push('--ledger', ledger);
  if (allowFaults) flags.push('--allow-faults');
  return [...flags, ...args];
}

async function endOf(child: Child): Promise<ProcessEnd> {
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stderr };
}

function eventsOf(child: Child, exited: Promise<ProcessEnd>): Pick<CalculatorProcess, 'events' | 'event'> {
  const events: CalculatorEvent[] = [];
  const said = new EventEmitter();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as CalculatorEvent;
    events.push(event);
    said.emit('event', event);
  });
  const event = (name: string): Promise<CalculatorEvent> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find((one) => one.event === name);
        if (found === undefined) return;
        said.off('event', look);
        resolve(found);
      };
      said.on('event', look);
      look();
      void exited.then(({ code, stderr }) => {
        said.off('event', look);
        reject(new Error(`the calculator ended with code ${code ?? 'none'} without saying "${name}": ${stderr}`));
      });
    });
  return { events, event };
}
