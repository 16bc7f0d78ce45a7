/**
 * Texts in Consul's key-value store, followed by blocking queries. A key that is not there is a text of null; that is
 * believed at once, because to fall back to defaults harms less than to miss an operator's wish.
 */
import type { WatchRequest } from '../../core/decide/watch-step';
import type { SettingEvent, Settings } from '../port';
import { blockingLoop, type Asked, type BlockingAnswer, type LoopPorts } from './blocking-loop';
import type { ConsulHttp } from './consul-http';
import { answeredList, textIn } from './consul-json';
import { blockingTimeoutMs } from './consul-reads';

export class ConsulKeyValues implements Settings {
  constructor(
    private readonly http: ConsulHttp,
    /** Default datacenter of reads; undefined = the agent's own. */
    private readonly datacenter: string | undefined,
    private readonly marginMs: number,
    private readonly loop: LoopPorts,
  ) {}

  followSetting(key: string, listener: (event: SettingEvent) => void, signal: AbortSignal): Promise<void> {
    return blockingLoop(
      (request) => this.read(key, request, signal),
      (step, asked: Asked<string | null>) => {
        if ('error' in asked) listener({ type: 'trouble', error: asked.error, failures: step.trouble ?? 1 });
        else if (step.tellSnapshot) listener({ type: 'text', text: asked.answer.value });
      },
      this.loop,
      signal,
    );
  }

  async writeSetting(key: string, text: string | null, signal?: AbortSignal): Promise<void> {
    const change =
      text === null
        ? { Verb: 'delete', Key: key }
        : { Verb: 'set', Key: key, Value: Buffer.from(text).toString('base64') };
    await this.http.request(
      { operation: `write of ${key}`, method: 'PUT', path: '/txn', body: [{ KV: change }] },
      signal,
    );
  }

  private async read(key: string, request: WatchRequest, signal: AbortSignal): Promise<BlockingAnswer<string | null>> {
    const operation = `read of ${key}`;
    const blocking = request.index > 0n;
    const answer = await this.http.request(
      {
        operation,
        method: 'GET',
        path: '/kv/{key}',
        params: { key },
        query: { dc: this.datacenter, ...(blocking && { index: String(request.index), wait: `${request.waitMs}ms` }) },
        ...(blocking && { timeoutMs: blockingTimeoutMs(request.waitMs, this.marginMs) }),
        expect: [404],
      },
      signal,
    );
    const value = answer.status === 404 ? null : valueOf(answeredList(answer.body, this.http.description, operation));
    return { value, index: answer.index, hash: JSON.stringify(value), empty: false };
  }
}

function valueOf(items: readonly unknown[]): string {
  return Buffer.from(textIn(items[0], 'Value'), 'base64').toString();
}
