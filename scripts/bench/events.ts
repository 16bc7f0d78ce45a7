/**
 * How long news takes from Consul to what a client does: a real Consul, the client's watch, and servers that are well, so
 * that nothing but the catalog tells the client anything.
 */
import { once } from 'node:events';
import { credentials } from '@grpc/grpc-js';
import { registerUnderstudy, type Understudy } from '../../index';
import { CalculatorClient, calculatorService } from '../../proto/calculator';
import type { Cleanup } from '../quickstart/cleanup';
import { monotonicMs } from './failover-plan';
import { circumstances } from './results';
import type { SheetPart } from './sheet-part';
import { Site, type Calculator } from './site';
import { median, quantile, rounded } from './statistics';

/** Between two pieces of news: the watch's own pace, made for bursts, must not be what is measured. */
const REST_MS = 600;
const TTL_MS = 1_000;
const CALL_EVERY_MS = 2;
const SERVICE = 'calculator';

export const EVENTS: SheetPart = {
  name: 'events',
  title: 'How long news takes from Consul to the client',
  words: `A real Consul, one client of the defaults but for \`failbackHoldMs: 0\`, and servers that are well. \`critical\`: from when
an agent begins to say it until the client moves its calls. \`registered\`: from when an agent begins to register a second
instance until that answers its first call, of one call every ${CALL_EVERY_MS} ms; connecting is in it. \`TTL ran out\`: from the end of a TTL
of ${TTL_MS} ms after the last beat until the client moves its calls; Consul's own delay is in it.`,
  columns: { news: 'news', runs: 'runs', medianMs: 'median ms', p95Ms: 'p95 ms', maxMs: 'max ms' },
  async measure({ command, quick }, cleanup, say) {
    const site = await Site.start(cleanup, say);
    const where = circumstances(command, site.consul.version);
    const one = await site.startCalculator('one');
    const two = await site.startCalculator('two');
    const runs = quick ? 3 : 25;
    const rows = [
      rowOf('critical', await criticalDelays(new Stage(site, cleanup, 'critical'), one, two, runs)),
      rowOf('registered', await registrationDelays(new Stage(site, cleanup, 'registered'), one, two, runs)),
      rowOf('TTL ran out', await expiryDelays(new Stage(site, cleanup, 'expiry'), one, two, runs)),
    ];
    return { ...where, rows };
  },
};

/** One service with a client of its own. */
class Stage {
  readonly service: string;
  readonly understudy: Understudy;
  private readonly client: CalculatorClient;

  constructor(
    readonly site: Site,
    cleanup: Cleanup,
    name: string,
  ) {
    this.service = `${SERVICE}-${name}`;
    const registry = { address: site.consul.address };
    this.understudy = registerUnderstudy({
      registry,
      services: [calculatorService],
      failbackHoldMs: 0,
      flapWindowMs: 0,
    });
    const { channelOptions } = this.understudy;
    this.client = new CalculatorClient(`consul:///${this.service}`, credentials.createInsecure(), channelOptions);
    cleanup.add(() => this.understudy.close());
    cleanup.add(() => this.client.close());
  }

  /** @returns who answered */
  call(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.client.Add({ left: 2, right: 3 }, { deadline: Date.now() + 5_000 }, (error, answer) => {
        if (answer === undefined) reject(error ?? new Error('no answer'));
        else resolve(answer.instance);
      });
    });
  }

  /** When the client does it for the next time, ms of the machine's clock. */
  async atNext(event: 'failover' | 'failback'): Promise<number> {
    await once(this.understudy.events, event, { signal: AbortSignal.timeout(30_000) });
    return monotonicMs();
  }
}

async function criticalDelays(
  stage: Stage,
  one: Calculator,
  two: Calculator,
  runs: number,
): Promise<readonly number[]> {
  const { site, service } = stage;
  const id = await site.register(service, one.instance, one.port, 0);
  await site.register(service, two.instance, two.port, 1);
  await stage.call();
  const delays: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await pause(REST_MS);
    const acts = stage.atNext('failover');
    const saidMs = monotonicMs();
    await site.registry.beat(id, 'critical', 'the bench says so');
    delays.push((await acts) - saidMs);
    await pause(REST_MS);
    const back = stage.atNext('failback');
    await site.registry.beat(id, 'passing', 'the bench says so');
    await back;
  }
  return delays;
}

async function registrationDelays(
  stage: Stage,
  one: Calculator,
  two: Calculator,
  runs: number,
): Promise<readonly number[]> {
  const { site, service } = stage;
  await site.register(service, one.instance, one.port, 0);
  await stage.call();
  const delays: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await pause(REST_MS);
    const beganMs = monotonicMs();
    const registering = site.register(service, two.instance, two.port, 0);
    while ((await stage.call()) !== two.instance) await pause(CALL_EVERY_MS);
    delays.push(monotonicMs() - beganMs);
    const id = await registering;
    // The client would keep one that is out of the catalog, and answers: it has to be told that it ended.
    await site.registry.beat(id, 'critical', 'the bench ends it');
    await pause(REST_MS);
    await site.registry.deregister(id);
  }
  return delays;
}

async function expiryDelays(stage: Stage, one: Calculator, two: Calculator, runs: number): Promise<readonly number[]> {
  const { site, service } = stage;
  await site.register(service, two.instance, two.port, 1);
  const id = await site.register(service, one.instance, one.port, 0, TTL_MS);
  await stage.call();
  const delays: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const acts = stage.atNext('failover');
    // Consul counts from somewhere between its question and its answer.
    const askedMs = monotonicMs();
    await site.registry.beat(id, 'passing', 'the bench says so');
    const beatMs = (askedMs + monotonicMs()) / 2;
    delays.push((await acts) - beatMs - TTL_MS);
    const back = stage.atNext('failback');
    await pause(REST_MS);
    await site.registry.beat(id, 'passing', 'the bench says so');
    await back;
  }
  return delays;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function rowOf(news: string, delays: readonly number[]): Readonly<Record<string, string | number>> {
  return {
    news,
    runs: delays.length,
    medianMs: rounded(median(delays), 1),
    p95Ms: rounded(quantile(delays, 0.95), 1),
    maxMs: rounded(Math.max(...delays), 1),
  };
}
