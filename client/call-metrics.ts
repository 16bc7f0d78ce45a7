/**
 * Counts a client's calls and attempts for Prometheus, in a prom-client registry of the user's own: the package's entry
 * `understudy-rpc/metrics`. A client that does not use it pays nothing for it.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { UnderstudyEvents } from './client-core';
import type { Understudy } from './register-understudy';

const CALL = ['service', 'method', 'code'] as const;
const ATTEMPT = ['service', 'method', 'endpoint', 'code', 'why'] as const;
const NAMES = [
  'understudy_client_call_seconds',
  'understudy_client_attempt_seconds',
  'understudy_client_tier_changes_total',
  'understudy_client_active_tier',
] as const;
/** From calls on loopback to those that wait for a whole failover, s. */
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Adds the metrics of docs/metrics.md to `registry`, from now on. The returned function takes them away again.
 * @throws Error of prom-client when the registry has metrics of these names already
 */
export function addCallMetrics({ events }: Understudy, registry: Registry): () => void {
  const registers = [registry];
  const calls = new Histogram({
    ...{ name: NAMES[0], help: 'Calls as their callers saw them', registers },
    ...{ labelNames: CALL, buckets: BUCKETS_S },
  });
  const attempts = new Histogram({
    ...{ name: NAMES[1], help: 'Attempts, one or more for each call', registers },
    ...{ labelNames: ATTEMPT, buckets: BUCKETS_S },
  });
  const moves = new Counter({
    ...{ name: NAMES[2], help: 'Moves of the calls between tiers', registers },
    labelNames: ['service', 'kind'] as const,
  });
  const tier = new Gauge({
    ...{ name: NAMES[3], help: 'The tier that takes the calls', registers },
    labelNames: ['service'] as const,
  });
  const listeners = {
    call: ({ service, method, code, tookMs }) => calls.observe({ service, method, code }, tookMs / 1_000),
    attempt: ({ service, method, endpoint, code, why, tookMs }) =>
      attempts.observe({ service, method, endpoint, code, why }, tookMs / 1_000),
    start: ({ service, to }) => tier.set({ service }, to),
    failover: ({ service, to }) => {
      moves.inc({ service, kind: 'failover' });
      tier.set({ service }, to);
    },
    failback: ({ service, to }) => {
      moves.inc({ service, kind: 'failback' });
      tier.set({ service }, to);
    },
  } satisfies { [Name in keyof UnderstudyEvents]?: (event: UnderstudyEvents[Name][0]) => void };
  const names = Object.keys(listeners) as (keyof typeof listeners)[];
  for (const name of names) events.on(name, listeners[name]);
  return () => {
    for (const name of names) events.off(name, listeners[name]);
    for (const name of NAMES) registry.removeSingleMetric(name);
  };
}
