/**
 * A client of the built package in a process of its own, which weighs each answer of its watch: from the head of the
 * answer, to the turn of the event loop after it was taken in. It runs with --expose-gc, and with a
 * young generation so large that no collection falls in between.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import type * as Package from '../../index';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import { answerParent } from './worker-link';

/** `arm` resolves at once; `weigh` with the next answer after that. */
export interface CatalogQuestion {
  readonly ask: 'arm' | 'weigh';
}

export interface Weighed {
  readonly cpuMs: number;
  readonly bytes: number;
  readonly heapBytes: number;
}

const [consul = '', service = ''] = process.argv.slice(2);
/** Microtasks and ticks that an answer leads to are done long before. */
const TURNS = 3;

interface Scales {
  readonly cpu: NodeJS.CpuUsage;
  readonly heap: number;
}

let armed = false;
let scales: Scales | undefined;
let weighed: Promise<Weighed> = Promise.reject(new Error('not armed'));
let found: (one: Weighed) => void = () => undefined;
weighed.catch(() => undefined);

async function weigh(bytes: number): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((go) => setImmediate(go));
  if (scales === undefined) return;
  const { user, system } = process.cpuUsage(scales.cpu);
  const heapBytes = process.memoryUsage().heapUsed - scales.heap;
  scales = undefined;
  found({ cpuMs: (user + system) / 1_000, bytes, heapBytes });
}

/** Bytes that a socket had brought before this answer. */
const brought = new WeakMap<object, number>();

subscribe('http.client.request.start', (message) => {
  const { socket } = (message as { readonly request: ClientRequest }).request;
  if (socket !== null) brought.set(socket, socket.bytesRead);
});
subscribe('http.client.response.finish', (message) => {
  const { request, response } = message as {
    readonly request: { readonly path: string };
    readonly response: IncomingMessage;
  };
  if (!request.path.includes('/health/service/')) return;
  if (armed) scales = { cpu: process.cpuUsage(), heap: process.memoryUsage().heapUsed };
  armed = false;
  const { socket } = response;
  response.once('end', () => void weigh(socket.bytesRead - (brought.get(socket) ?? 0)));
});

async function main(): Promise<void> {
  const built = join(__dirname, '../../dist/index.js');
  const { registerUnderstudy } = (await import(built)) as typeof Package;
  const understudy = registerUnderstudy({ registry: { address: consul }, services: [calculatorService] });
  const client = new CalculatorClient(`consul:///${service}`, credentials.createInsecure(), understudy.channelOptions);
  await new Promise<void>((resolve, reject) => {
    client.Add({ left: 2, right: 3 }, { deadline: Date.now() + 20_000 }, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  answerParent(({ ask }: CatalogQuestion): Promise<object> => {
    if (ask === 'weigh') return weighed;
    weighed = new Promise((resolve) => (found = resolve));
    global.gc?.();
    armed = true;
    return Promise.resolve({});
  });
}

void main();
