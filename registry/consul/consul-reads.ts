/**
 * Reads a service from Consul, at once or as a blocking query. It never asks for passing instances only: who is ill, and
 * why, is as much news as who is well.
 */
import type { Snapshot } from '../../core/domain/snapshot';
import type { WatchRequest } from '../../core/decide/watch-step';
import type { WatchQuery } from '../port';
import { buildSnapshot, UNDERSTUDY_TAG } from '../snapshot';
import { catalogEntries } from './consul-health';
import type { ConsulHttp } from './consul-http';
import { answeredList, answeredObject } from './consul-json';

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

  async service(
    query: WatchQuery,
    request: Pick<WatchRequest, 'index' | 'waitMs' | 'consistent'>,
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
    const entries = catalogEntries(answeredList(answer.body, this.http.description, operation));
    return { snapshot: buildSnapshot(query.service, answer.index ?? '0', entries), index: answer.index };
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
