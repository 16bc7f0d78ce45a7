/**
 * The ways of calling that meet the faults: Understudy with its defaults, stock grpc-js on both addresses, the loop that many
 * write first, and a stock channel to a proxy. Each sends a call and says who answered; none counts or judges.
 */
import { join } from 'node:path';
import { credentials, type ClientOptions, type ServiceError } from '@grpc/grpc-js';
import type * as Package from '../../index';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import type { Answer__Output } from '../../proto/generated/calculator/v1/Answer';
import { LOAD, monotonicMs, type CallerName, type FailoverTargets } from './failover-plan';

/** @param by name of the server that answered; null when the call failed */
export type Done = (by: string | null) => void;

export interface Call {
  readonly safe: boolean;
  /** The same for each attempt. */
  readonly id: string;
}

/** When it said that it leaves the primary, and that it goes back; null when it did not. */
export interface Told {
  readonly failoverMs: number | null;
  readonly failbackMs: number | null;
}

export interface Caller {
  call(call: Call, done: Done): void;
  /** Since it was opened. */
  counters(): { readonly calls: number; readonly attempts: number };
  /** Undefined for those that say nothing. */
  readonly told?: Told;
  close(): Promise<void>;
}

const ROUND_ROBIN = { 'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }) };

/** A new one for each run: what it learned in the last one must not help it. */
export async function openCaller(name: CallerName, targets: FailoverTargets): Promise<Caller> {
  const { addresses } = targets;
  switch (name) {
    case 'Understudy':
      return understudyCaller(targets);
    case 'round_robin':
      return new EachInTurn([`ipv4:${addresses.join(',')}`], ROUND_ROBIN);
    case 'naive loop':
      return new EachInTurn(addresses);
    case 'pick_first':
    case 'HAProxy':
    case 'HAProxy tuned':
    case 'nginx':
    case 'nginx tuned':
      return new EachInTurn([`ipv4:${addresses.join(',')}`]);
  }
}

async function understudyCaller({ service, consul }: FailoverTargets): Promise<Caller> {
  const built = join(__dirname, '../../dist/index.js');
  const { registerUnderstudy } = (await import(built)) as typeof Package;
  const understudy = registerUnderstudy({ registry: { address: consul }, services: [calculatorService] });
  const client = new CalculatorClient(`consul:///${service}`, credentials.createInsecure(), understudy.channelOptions);
  const told: { -readonly [Move in keyof Told]: Told[Move] } = { failoverMs: null, failbackMs: null };
  understudy.events.on('failover', () => (told.failoverMs ??= monotonicMs()));
  understudy.events.on('failback', () => (told.failbackMs = monotonicMs()));
  return {
    call: (call, done) => send(client, call, done),
    counters: () => understudy.counters(service),
    told,
    close: () => {
      client.close();
      return understudy.close();
    },
  };
}

/** Stock channels: on any error the next one has its turn, with a deadline of its own. With one channel, no loop. */
class EachInTurn implements Caller {
  private readonly clients: readonly CalculatorClient[];
  private calls = 0;
  private attempts = 0;

  constructor(targets: readonly string[], options: ClientOptions = {}) {
    this.clients = targets.map((target) => new CalculatorClient(target, credentials.createInsecure(), options));
  }

  call(call: Call, done: Done): void {
    this.calls += 1;
    this.attempt(call, 0, done);
  }

  counters(): { readonly calls: number; readonly attempts: number } {
    return { calls: this.calls, attempts: this.attempts };
  }

  close(): Promise<void> {
    for (const client of this.clients) client.close();
    return Promise.resolve();
  }

  private attempt(call: Call, at: number, done: Done): void {
    const client = this.clients[at];
    if (client === undefined) {
      done(null);
      return;
    }
    this.attempts += 1;
    send(client, call, (by) => {
      if (by === null) this.attempt(call, at + 1, done);
      else done(by);
    });
  }
}

function send(client: CalculatorClient, { safe, id }: Call, done: Done): void {
  const onEnd = (error: ServiceError | null, answer?: Answer__Output): void =>
    done(error === null && answer !== undefined ? answer.instance : null);
  const options = { deadline: Date.now() + LOAD.deadlineMs };
  if (safe) client.Add({ left: 2, right: 3 }, options, onEnd);
  else client.MemoryAdd({ id, amount: 1 }, options, onEnd);
}
