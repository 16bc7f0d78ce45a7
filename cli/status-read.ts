/**
 * Asks a registry once for everything that `understudy status` shows. It rejects with a RegistryError rather than show
 * less than there is as if it were all.
 */
import { AGENT_SERVICE } from '../core/domain/instance';
import { RegistryError, type Registry } from '../registry/port';
import type { RegistryView, StatusView } from './status-report';

/** What status needs of a registry. */
export type StatusSource = Pick<Registry, 'description' | 'ping' | 'services' | 'snapshot' | 'watch'>;

/** Reads at the same time: far from Consul's limit of 200 connections per client. */
const READS_AT_ONCE = 16;

/** @param service undefined: all that Understudy agents registered. Rejects with a RegistryError. */
export async function readStatus(source: StatusSource, service: string | undefined): Promise<StatusView> {
  const { registry, denied } = await readRegistry(source);
  const registered = await userServices(source);
  const names = service === undefined ? registered : [service];
  const services: StatusView['services'][number][] = [];
  for (let at = 0; at < names.length; at += READS_AT_ONCE) {
    const some = names.slice(at, at + READS_AT_ONCE).map((name) => source.snapshot({ service: name }));
    services.push(...(await Promise.all(some)).map(({ service: name, instances }) => ({ service: name, instances })));
  }
  // Consul does not refuse a list to a token that may not read it: it answers an empty one.
  if (denied !== undefined && services.every(({ instances }) => instances.length === 0)) throw denied;
  return { registry, services, registered, away: undefined };
}

/** All that Understudy agents registered, without themselves. */
export async function userServices(source: StatusSource, signal?: AbortSignal): Promise<readonly string[]> {
  return (await source.services(signal)).filter((name) => name !== AGENT_SERVICE);
}

/** @returns `denied` when the token may not ask: it may still be allowed to read services */
export async function readRegistry(
  source: StatusSource,
  signal?: AbortSignal,
): Promise<{ readonly registry: RegistryView; readonly denied?: RegistryError }> {
  const { description } = source;
  try {
    const { version, leader } = await source.ping(signal);
    return { registry: { description, version, leader } };
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'permission-denied') throw error;
    return { registry: { description, version: null, leader: null }, denied: error };
  }
}
