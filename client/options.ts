/**
 * What a caller may set, with defaults that fit a service in one data centre. Everything wrong is told at once.
 */
import { z } from 'zod';
import type { FailoverOptions } from '../core/decide/failover';
import type { SpreadOptions } from '../core/pick/spread';
import type { BudgetOptions } from '../core/time/budget';
import type { VitalsOptions } from './endpoint-vitals';
import { SETTINGS, someSettings, type ServiceSettings } from './service-settings';

const durationMs = z.number().nonnegative();

const schema = z.strictObject({
  /** Scheme of the targets, `consul` in `consul:///calculator`. */
  scheme: z
    .string()
    .regex(/^[a-z][a-z0-9+.-]*$/, 'must be a URI scheme in lower case')
    .default('consul'),
  /** Idempotency of single methods, by path: `{'/shop.v1.Cart/Get': 'NO_SIDE_EFFECTS'}`. Wins over the proto. */
  methods: z
    .record(
      z.string().regex(/^\/[^/]+\/[^/]+$/, 'must look like /package.Service/Method'),
      z.enum(['NO_SIDE_EFFECTS', 'IDEMPOTENT', 'IDEMPOTENCY_UNKNOWN', 'DEDUPLICATED']),
    )
    .default({}),
  ...SETTINGS,
  /** The settings above for single services, by name: `{ calculator: { policy: 'least_request' } }`. */
  perService: z.record(z.string(), someSettings).default({}),
  /** Let operators change those settings at run time, by a text in the registry. */
  liveSettings: z.boolean().default(true),
  /** Folder that keeps the last view of each service, for a start while the registry is away. '' for none. */
  snapshotDir: z.string().default(''),
  /** Upper bound of that hold, ms. */
  failbackMaxHoldMs: durationMs.default(300_000),
  /** Failovers within this window lengthen the hold, ms. */
  flapWindowMs: durationMs.default(600_000),
  /** At the first connect, how long a backup waits for the primary, ms. */
  settleMs: durationMs.default(1_000),
  /** Where this caller is: instances with the same `zone` in their meta are preferred. '' for nowhere. */
  zone: z.string().default(''),
  /** A peer that has not completed TCP, TLS and HTTP/2 by then counts as failing, ms. */
  connectDeadlineMs: durationMs.min(1).default(1_000),
  /** How long an instance that left the catalog but still serves keeps its place, ms. */
  missingGraceMs: durationMs.default(15_000),
  /** Follow grpc.health.v1 Watch on each connection. A server without the health service counts as serving. */
  healthWatch: z.boolean().default(true),
  /** The name asked of the health service; '' is the server as a whole. */
  healthService: z.string().default(''),
  /** A health Watch that stays silent for this long makes the endpoint a last resort, ms. */
  healthDeadlineMs: durationMs.min(1).default(1_000),
  /** Attempts of one repeatable call, the first one included. */
  maxAttempts: z.int().min(1).max(5).default(4),
  /**
   * Send a repeatable call to a second endpoint when its first attempt is later than 99 % of its kind, when half its time is
   * over and such calls usually take less, or when it waits for one that went down.
   */
  hedging: z.boolean().default(true),
  /** A second attempt is never sent earlier than this, ms, beside one that may still be answered. */
  hedgeMinDelayMs: durationMs.default(10),
  /** Delay of the second attempt while nothing is known of the method yet, ms. */
  hedgeFirstDelayMs: durationMs.default(100),
  /** Repetitions and hedges per call of the last ten seconds … */
  repeatShare: z.number().min(0).max(1).default(0.2),
  /** … plus this many per second. */
  repeatsPerSecond: z.number().nonnegative().default(10),
  /** Quiet time with calls waiting before a heartbeat is sent, ms; more where calls usually take longer. */
  quietMs: durationMs.min(1).default(30),
  /** Quiet time without calls before a heartbeat is sent, ms. */
  idleHeartbeatMs: durationMs.min(10).default(1_000),
  /** Bounds of the time that a heartbeat may take, ms; between them it follows the measured round trips. */
  heartbeatMinTimeoutMs: durationMs.min(1).default(100),
  heartbeatMaxTimeoutMs: durationMs.min(1).default(1_000),
  /** A timer of our own that is later than this makes us doubt ourselves, ms. */
  ownLatenessMs: durationMs.default(25),
  /** While nobody gives a sign of life, nobody is accused for this long, ms. */
  everybodySilentMs: durationMs.default(2_000),
  /** Failed calls in a row that eject an endpoint. */
  ejectAfterFailures: z.int().min(1).default(3),
  /**
   * Too slow: so many calls in a row, over at least `slowAfterMs`, that others answered first though they were asked later, or
   * that nobody answered before their deadlines though such calls usually are.
   */
  ejectAfterOutruns: z.int().min(2).default(5),
  slowAfterMs: durationMs.default(1_000),
  /** First ejection, ms; it doubles each time up to the maximum. */
  ejectionMs: durationMs.min(1).default(1_000),
  ejectionMaxMs: durationMs.min(1).default(60_000),
  /** The admin API of an agent that is told the counters, `http://127.0.0.1:7780`; '' for none. */
  reportTo: z.union([z.literal(''), z.url({ protocol: /^https?$/, error: 'must be an http URL' })]).default(''),
  /** The token that this agent wants; '' for none. */
  reportToken: z.string().default(''),
  /** How often it is told, ms. */
  reportEveryMs: durationMs.min(100).default(10_000),
  /** Ask the agent of an instance to restart it when it was unfit for so long, though the catalog says passing. 0: never. */
  askRestartAfterMs: durationMs.default(0),
  /** The token that these agents want; '' for none. */
  askRestartToken: z.string().default(''),
});

/** The tunables of registerUnderstudy. */
export type ClientTunables = z.input<typeof schema>;
export type ClientOptions = Readonly<z.output<typeof schema>>;

/** Applies the defaults. Throws a TypeError that lists every fault with its key. */
export function parseClientOptions(input: ClientTunables): ClientOptions {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || 'options'}: ${issue.message}`);
  throw new TypeError(`registerUnderstudy got options it cannot use:\n${faults.join('\n')}`);
}

/** The options of one service: what is more particular wins, and what an operator set wins over all. */
export function optionsOf(
  options: ClientOptions,
  service: string,
  target: ServiceSettings,
  live: ServiceSettings,
): ClientOptions {
  return { ...options, ...options.perService[service], ...target, ...live };
}

export function vitalsOptions(options: ClientOptions): VitalsOptions {
  return {
    crowd: { patienceMs: options.everybodySilentMs, graceMs: 2 * options.heartbeatMinTimeoutMs },
    silence: {
      quietMs: options.quietMs,
      idleMs: options.idleHeartbeatMs,
      minTimeoutMs: options.heartbeatMinTimeoutMs,
      maxTimeoutMs: options.heartbeatMaxTimeoutMs,
      ownLatenessMs: options.ownLatenessMs,
    },
    ejection: {
      failures: options.ejectAfterFailures,
      outruns: options.ejectAfterOutruns,
      slowAfterMs: options.slowAfterMs,
      baseMs: options.ejectionMs,
      maxMs: options.ejectionMaxMs,
      trials: 3,
    },
  };
}

export function budgetOptions({ repeatShare, repeatsPerSecond }: ClientOptions): BudgetOptions {
  return { share: repeatShare, perSecond: repeatsPerSecond, windowMs: 10_000 };
}

export function spreadOptions({ policy, spillOver, zone, slowStartMs, failbackRampMs }: ClientOptions): SpreadOptions {
  return { byWeight: policy === 'weighted_round_robin', spillOver, zone, slowStartMs, failbackRampMs };
}

export function failoverOptions(options: ClientOptions): FailoverOptions {
  return {
    whenNobody: options.whenNobody,
    settleMs: options.settleMs,
    failback: options.failback,
    holdMs: options.failbackHoldMs,
    maxHoldMs: options.failbackMaxHoldMs,
    flapWindowMs: options.flapWindowMs,
  };
}
