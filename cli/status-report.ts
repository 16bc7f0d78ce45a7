/**
 * Decides what `understudy status` says of services: how each one is and why, the exit code, and the object that --json
 * prints. Pure: it never asks a registry, and never looks at a clock or a terminal.
 */
import { isServing, type Health } from '../core/domain/health';
import { hostPort, roleOf, type CatalogEntry } from '../core/domain/instance';
import type { Snapshot } from '../core/domain/snapshot';

export interface RegistryView {
  /** `Consul at 127.0.0.1:8500` */
  readonly description: string;
  /** Null: not told, because the token may not read it. */
  readonly version: string | null;
  /** Null: not known. */
  readonly leader: boolean | null;
}

/** All that is known at one moment. */
export interface StatusView {
  readonly registry: RegistryView;
  readonly services: readonly Pick<Snapshot, 'service' | 'instances'>[];
  /** Names of all services that Understudy agents registered. */
  readonly registered: readonly string[];
  /** Set while the registry does not answer; `services` are then those known last. */
  readonly away: { readonly reason: string; readonly sinceUnixMs: number } | undefined;
}

/**
 * `well`: every instance serves (`passing` or `warning`), a primary among them. `degraded`: somebody serves, but an
 * instance does not, or no primary does. `down`: nobody serves.
 */
export type ServiceState = 'well' | 'degraded' | 'down';

export interface InstanceReport {
  readonly id: string;
  readonly role: 'primary' | 'backup';
  readonly tier: number;
  readonly weight: number;
  /** `10.0.0.7:5001` */
  readonly address: string;
  readonly health: Health;
  readonly reason: string;
  /** Unix ms of the server's start, as its agent saw it. Null for what no agent registered. */
  readonly epoch: number | null;
  /** Since the epoch; null without one. */
  readonly ageMs: number | null;
  /** Id of the agent; empty for what no agent registered. */
  readonly owner: string;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
}

export interface ServiceReport {
  readonly service: string;
  readonly state: ServiceState;
  readonly reason: string;
  /** Sorted by tier, then id. */
  readonly instances: readonly InstanceReport[];
}

/** What --json prints. Keys are only ever added within one `schema`. */
export interface StatusReport {
  readonly schema: 1;
  /** ISO 8601, UTC: when this was put together. */
  readonly at: string;
  /** That of the service that is worst off, or `unreachable` while the registry does not answer. */
  readonly state: ServiceState | 'unreachable';
  readonly exitCode: StatusExitCode;
  readonly reason: string;
  readonly registry: RegistryView;
  /** Null while the registry answers; else for how long it has not, and `services` are so old. */
  readonly awayMs: number | null;
  readonly services: readonly ServiceReport[];
}

/** 2 is a mistake in the command line, as everywhere in `understudy`. */
export type StatusExitCode = 0 | 1 | 3 | 4;

const EXIT_CODES: Readonly<Record<StatusReport['state'], StatusExitCode>> = {
  well: 0,
  degraded: 1,
  down: 3,
  unreachable: 4,
};

/** Names in a sentence; more are counted. */
const MOST_NAMES = 8;

/** @param nowUnixMs of the moment that ages are counted to */
export function statusReport(view: StatusView, nowUnixMs: number): StatusReport {
  const services = view.services.map((service) => serviceReport(service, view, nowUnixMs));
  const { away } = view;
  const { state, reason } = away === undefined ? worstOf(services) : { state: 'unreachable' as const, ...away };
  return {
    schema: 1,
    at: new Date(nowUnixMs).toISOString(),
    state,
    exitCode: EXIT_CODES[state],
    reason,
    registry: away === undefined ? view.registry : { ...view.registry, leader: null },
    awayMs: away === undefined ? null : Math.max(0, nowUnixMs - away.sinceUnixMs),
    services,
  };
}

function worstOf(services: readonly ServiceReport[]): { readonly state: ServiceState; readonly reason: string } {
  const unwell = services.filter(({ state }) => state !== 'well');
  if (services.length === 0) return { state: 'down', reason: 'no service is registered by an Understudy agent' };
  const reason = unwell.map((one) => `${one.service}: ${one.reason}`).join('; ');
  if (unwell.length === 0) return { state: 'well', reason: 'every instance serves' };
  return { state: unwell.some(({ state }) => state === 'down') ? 'down' : 'degraded', reason };
}

function serviceReport(
  { service, instances }: StatusView['services'][number],
  view: StatusView,
  nowUnixMs: number,
): ServiceReport {
  const judged = instances.length === 0 ? nobodyRegistered(service, view.registered) : judge(instances);
  return { service, ...judged, instances: instances.map((entry) => instanceReport(entry, nowUnixMs)) };
}

type Judgement = Pick<ServiceReport, 'state' | 'reason'>;

function nobodyRegistered(service: string, registered: readonly string[]): Judgement {
  const others = registered.filter((name) => name !== service);
  const hint = others.length === 0 ? 'nor is any other service' : `registered services: ${listed(others)}`;
  return { state: 'down', reason: `no instance is registered; ${hint}` };
}

function judge(instances: readonly CatalogEntry[]): Judgement {
  const serving = instances.filter(({ health }) => isServing(health));
  const ill = instances.filter(({ health }) => !isServing(health));
  if (serving.length === 0) return { state: 'down', reason: `nobody serves: ${listed(ill.map(healthWords))}` };
  const bestTier = Math.min(...serving.map(({ tier }) => tier));
  if (ill.length === 0 && bestTier === 0) return { state: 'well', reason: wellWords(instances) };
  const faults = ill.length > 0 ? listed(ill.map(healthWords)) : 'no primary is registered';
  const who = bestTier === 0 ? 'the primary tier serves' : `tier ${bestTier} serves in place of the primary`;
  return { state: 'degraded', reason: `${faults}; ${who}` };
}

function healthWords({ id, health }: CatalogEntry): string {
  return `${id} is ${health === 'maintenance' ? 'in maintenance' : health}`;
}

function wellWords(instances: readonly CatalogEntry[]): string {
  const warnings = instances.filter(({ health }) => health === 'warning').length;
  const all = instances.length === 1 ? 'its only instance serves' : `all ${instances.length} instances serve`;
  return warnings === 0 ? all : `${all}, ${warnings} with a warning`;
}

function instanceReport(entry: CatalogEntry, nowUnixMs: number): InstanceReport {
  const { id, tier, weight, health, reason, owner, tags, meta } = entry;
  const epoch = entry.epoch === 0 ? null : entry.epoch;
  return {
    id,
    role: roleOf(tier),
    tier,
    weight,
    address: hostPort(entry),
    health,
    reason,
    epoch,
    // The epoch is of another machine's clock, which may be ahead of ours.
    ageMs: epoch === null ? null : Math.max(0, nowUnixMs - epoch),
    owner,
    tags,
    meta,
  };
}

function listed(words: readonly string[]): string {
  const more = words.length - MOST_NAMES;
  return [...words.slice(0, MOST_NAMES), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
