/**
 * One client of the built package that calls and fails over for a long time, in a process of its own with --expose-gc. It
 * tells the primary itself when to be ill: what it keeps afterwards is what leaks.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import type * as Package from '../../index';
import { CalculatorClient, calculatorService, FaultsClient } from '../../proto/calculator';
import { answerParent } from './worker-link';

export interface LeakQuestion {
  readonly calls: number;
  readonly failovers: number;
}

export interface LeakSample {
  readonly calls: number;
  readonly failovers: number;
  readonly failed: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** What would keep Node alive, by kind: timers, sockets and the like. */
  readonly resources: Readonly<Record<string, number>>;
}

const [consul = '', service = '', primary = ''] = process.argv.slice(2);
const AT_ONCE = 32;
const DEADLINE_MS = 5_000;
const QUIET_MS = 1_500;

async function main(): Promise<void> {
  const built = join(__dirname, '../../dist/index.js');
  const { registerUnderstudy } = (await import(built)) as typeof Package;
  const understudy = registerUnderstudy({
    registry: { address: consul },
    services: [calculatorService],
    failbackHoldMs: 0,
    flapWindowMs: 0,
  });
  const client = new CalculatorClient(`consul:///${service}`, credentials.createInsecure(), understudy.channelOptions);
  const faults = new FaultsClient(primary, credentials.createInsecure());
  const total = { calls: 0, failovers: 0, failed: 0 };

  const call = (): Promise<void> =>
    new Promise((resolve) => {
      client.Add({ left: 2, right: 3 }, { deadline: Date.now() + DEADLINE_MS }, (error) => {
        total.calls += 1;
        if (error !== null) total.failed += 1;
        resolve();
      });
    });
  const setFault = (kind: 'NOT_SERVING' | 'NONE'): Promise<void> =>
    new Promise((resolve, reject) =>
      faults.SetFault({ kind }, (error) => (error === null ? resolve() : reject(error))),
    );
  /** There and back. */
  const failover = async (): Promise<void> => {
    const away = once(understudy.events, 'failover');
    await setFault('NOT_SERVING');
    await away;
    total.failovers += 1;
    const back = once(understudy.events, 'failback');
    await setFault('NONE');
    await back;
  };

  answerParent(async ({ calls, failovers }: LeakQuestion): Promise<LeakSample> => {
    const end = { calls: total.calls + calls, failovers: total.failovers + failovers };
    let started = total.calls;
    const caller = async (): Promise<void> => {
      while (started < end.calls) {
        started += 1;
        await call();
      }
    };
    const faulter = async (): Promise<void> => {
      while (total.failovers < end.failovers) await failover();
    };
    await Promise.all([...Array.from({ length: AT_ONCE }, caller), faulter()]);
    // Timers of the last calls end, and what they held can go.
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    for (let times = 0; times < 3; times += 1) global.gc?.();
    const { heapUsed: heapBytes, rss: rssBytes } = process.memoryUsage();
    return { ...total, heapBytes, rssBytes, resources: resources() };
  });
}

function resources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

void main();
