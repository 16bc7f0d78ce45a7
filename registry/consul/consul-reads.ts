/**
 * Reads a service from Consul, at once or as a blocking query. It never asks for passing instances only: who is ill, and
 * why, is as much news as who is well.
 */
import type { CatalogEntry } from '../../core/domain/instance';
import type { Snapshot } from '../../core/domain/snapshot';
import type { WatchRequest } from '../../core/decide/watch-step';
import type { WatchQuery } from '../port';
import { arranged, buildSnapshot, UNDERSTUDY_TAG } from '../snapshot';
import { catalogEntries, healthItem, type HealthItem } from './consul-health';
import type { ConsulHttp } from './consul-http';
import { answeredObject, notConsul } from './consul-json';
import { ListReader } from './list-reader';

/** Reads one service's answers. It remembers the last one's bytes, about 1 kB an instance. */
export class HealthReader {
  private readonly list = new ListReader(healthItem);
  private items: readonly HealthItem[] = [];
  private instances: readonly CatalogEntry[] = [];

  /** The instances as a snapshot has them; the same list when nothing of them is new. Undefined: this is no such answer. */
  take(body: Buffer): readonly CatalogEntry[] | undefined {
    const items = this.list.take(body);
    if (items === undefined) return undefined;
    if (items !== this.items) this.instances = arranged(catalogEntries(items));
    this.items = items;
    return this.instances;
  }
}

export interface ServiceAnswer {
  readonly snapshot: Snapshot;
  /** As Consul told it; undefined when it told none. */
  readonly index: string | undefined;
}

export class ConsulReads {
  constructor(
    private readonly http: ConsulHttp,
    /** Default datacenter of reads; undefined = the agent's own. */
    private readonly datacenter: string | undefined,
    /** Time that an answer may take beyond the wait that was asked for. */
    private readonly marginMs: number,
  ) {}

  /** @param reader keeps what did not change since the answer that it read before */
  async service(
    query: WatchQuery,
    request: Pick<WatchRequest, 'index' | 'waitMs' | 'consistent'>,
    reader: HealthReader,
    signal?: AbortSignal,
  ): Promise<ServiceAnswer> {
    const operation = `read of ${query.service}`;
    const blocking = request.index > 0n;
    const answer = await this.http.request(
      {
        operation,
        method: 'GET',
        path: '/health/service/{service}',
        params: { service: query.service },
        raw: true,
        query: {
          tag: query.tag,
          dc: query.datacenter ?? this.datacenter,
          consistent: request.consistent ? '1' : undefined,
          ...(blocking && { index: String(request.index), wait: `${request.waitMs}ms` }),
        },
        ...(blocking && { timeoutMs: blockingTimeoutMs(request.waitMs, this.marginMs) }),
      },
      signal,
    );
    const instances = Buffer.isBuffer(answer.body) ? reader.take(answer.body) : undefined;
    if (instances === undefined) throw notConsul(this.http.description, operation);
    return { snapshot: buildSnapshot(query.service, answer.index ?? '0', instances), index: answer.index };
  }

  /** Names of the services that carry our tag. */
  async services(signal?: AbortSignal): Promise<readonly string[]> {
    const operation = 'list of services';
    const { body } = await this.http.request(
      { operation, method: 'GET', path: '/catalog/services', query: { dc: this.datacenter } },
      signal,
    );
    return Object.entries(answeredObject(body, this.http.description, operation))
      .filter(([, tags]) => Array.isArray(tags) && tags.includes(UNDERSTUDY_TAG))
      .map(([name]) => name)
      .sort();
  }
}

/** Consul adds up to a sixteenth of the wait, so that its callers do not come back all at once. */
export function blockingTimeoutMs(waitMs: number, marginMs: number): number {
  return Math.ceil((waitMs * 17) / 16) + marginMs;
}
