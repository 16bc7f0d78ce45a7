/**
 * One way of calling the calculator, in a process of its own, so that its CPU time is its own. Measures when it is asked
 * to, and is silent otherwise. It runs the built package, as users do.
 */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { credentials, type ClientOptions } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import type * as Metrics from '../../client/call-metrics';
import type * as Package from '../../index';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import {
  EQUALS,
  PAIR,
  type CallPathTargets,
  type Round,
  type RoundRequest,
  type VariantName,
} from './call-path-variants';
import { quantile } from './statistics';
import { answerParent } from './worker-link';

type Call = () => Promise<void>;

interface Caller {
  readonly call: Call;
  /** Attempts sent for all calls so far; null where nobody counts. */
  readonly attempts: () => number | null;
}

const DEADLINE_MS = 10_000;
const ROUND_ROBIN = { 'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }) };

function callOf(target: string, options: ClientOptions = {}): Call {
  const client = new CalculatorClient(target, credentials.createInsecure(), options);
  return () =>
    new Promise((resolve, reject) => {
      client.Add({ left: 2, right: 3 }, { deadline: Date.now() + DEADLINE_MS }, (error, answer) => {
        if (answer?.value === 5) resolve();
        else reject(error ?? new Error('a wrong answer'));
      });
    });
}

/** The loop that many write first: the next address on any error. */
function tryEach(calls: readonly Call[]): Call {
  return async () => {
    let last: unknown;
    for (const call of calls) {
      try {
        await call();
        return;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  };
}

/** The package as it was built. */
async function built<Module>(path: string): Promise<Module> {
  return (await import(join(__dirname, '../../dist', path))) as Module;
}

interface Told extends Pick<Package.RegisterOptions, 'hedging' | 'policy'> {
  /** Each call and attempt goes into histograms, too. */
  readonly metrics?: true;
}

async function understudyCaller(consul: string, service: string, { metrics, ...told }: Told = {}): Promise<Caller> {
  const { registerUnderstudy } = await built<typeof Package>('index.js');
  const understudy = registerUnderstudy({ registry: { address: consul }, services: [calculatorService], ...told });
  if (metrics) (await built<typeof Metrics>('client/call-metrics.js')).addCallMetrics(understudy, new Registry());
  const call = callOf(`consul:///${service}`, understudy.channelOptions);
  return { call, attempts: () => understudy.counters(service).attempts };
}

const uncounted = (call: Call): Caller => ({ call, attempts: () => null });

const CALLERS: Readonly<Record<VariantName, (targets: CallPathTargets) => Caller | Promise<Caller>>> = {
  raw: ({ primary }) => uncounted(callOf(primary)),
  'round robin': ({ primary }) => uncounted(callOf(primary, ROUND_ROBIN)),
  Understudy: ({ consul }) => understudyCaller(consul, PAIR),
  'Understudy, no hedging': ({ consul }) => understudyCaller(consul, PAIR, { hedging: false }),
  'Understudy, Prometheus': ({ consul }) => understudyCaller(consul, PAIR, { metrics: true }),
  'Understudy, round robin': ({ consul }) => understudyCaller(consul, EQUALS, { policy: 'round_robin' }),
  'Understudy, random': ({ consul }) => understudyCaller(consul, EQUALS, { policy: 'random' }),
  'Understudy, weighted': ({ consul }) => understudyCaller(consul, EQUALS, { policy: 'weighted_round_robin' }),
  'Understudy, least request': ({ consul }) => understudyCaller(consul, EQUALS, { policy: 'least_request' }),
  'naive loop': ({ primary, backup }) => uncounted(tryEach([callOf(primary), callOf(backup)])),
  HAProxy: ({ haproxy }) => uncounted(callOf(haproxy)),
  nginx: ({ nginx }) => uncounted(callOf(nginx)),
};

/** The caches still hold what others left in them, while so many of a round's calls are made before those that count. */
const LEAD_IN = 1 / 4;

/**
 * `concurrency` callers, each with its next call as soon as the last one came back, until `calls` were made.
 * @returns what each took, ms
 */
async function makeCalls(call: Call, { concurrency, calls }: RoundRequest): Promise<readonly number[]> {
  const latenciesMs: number[] = [];
  let started = 0;
  const caller = async (): Promise<void> => {
    while (started < calls) {
      started += 1;
      const beganMs = performance.now();
      await call();
      latenciesMs.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return latenciesMs;
}

async function measure({ call, attempts }: Caller, { concurrency, calls }: RoundRequest): Promise<Round> {
  await makeCalls(call, { concurrency, calls: Math.ceil(calls * LEAD_IN) });
  const attemptsBefore = attempts();
  const cpuBefore = process.cpuUsage();
  const beganMs = performance.now();
  const latenciesMs = await makeCalls(call, { concurrency, calls });
  const tookMs = performance.now() - beganMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  const attemptsAfter = attempts();
  return {
    callsPerSecond: (calls * 1_000) / tookMs,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    cpuMsPer1000: (user + system) / calls,
    attemptsPerCall: attemptsBefore === null || attemptsAfter === null ? 1 : (attemptsAfter - attemptsBefore) / calls,
  };
}

async function main(): Promise<void> {
  const [variant, targets] = process.argv.slice(2) as [VariantName, string];
  const caller = await CALLERS[variant](JSON.parse(targets) as CallPathTargets);
  answerParent((request: RoundRequest) => measure(caller, request));
}

void main();
