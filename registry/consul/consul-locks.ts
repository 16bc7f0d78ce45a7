/**
 * Locks and semaphores in Consul. A slot is taken in one transaction that also proves that the own session lives, so a
 * slot is never given to a dead contender; the transaction's index is the fence. Every lock is advisory: only the fence,
 * checked where the work is done, keeps a holder out that was paused beyond its TTL. A registry that lost its contents
 * starts its fences anew.
 */
import { backoffMs, type BackoffOptions } from '../../core/time/backoff';
import { nextWatchIndex } from '../../core/decide/watch-index';
import { sleep } from '../../runtime/sleep';
import { RegistryError, type Lease, type LockOptions, type Locks } from '../port';
import { answeredList, listIn, numberIn, objectIn, textIn } from './consul-json';
import { blockingTimeoutMs } from './consul-reads';
import { ConsulSession, type SessionPorts } from './consul-session';
import { contenderKey, documentKey, documentWithout, judgeSlot, readSemaphore, type SemaphoreView } from './semaphore';

const MIN_TTL_MS = 10_000;
const MAX_TTL_MS = 86_400_000;
const WAIT_MS = 60_000;
const POLL_MS = 1000;
const RETRY: BackoffOptions = { initialMs: 100, maxMs: 1000, factor: 2, jitter: 0.5 };

export class ConsulLocks implements Locks {
  private readonly leases = new Set<Lease>();

  constructor(
    private readonly ports: SessionPorts,
    /** Time that an answer may take beyond the wait that was asked for. */
    private readonly marginMs: number,
  ) {}

  async acquire(options: LockOptions, signal: AbortSignal): Promise<Lease> {
    refuseBadOptions(options);
    for (let failures = 0; ; failures += 1) {
      signal.throwIfAborted();
      try {
        return await this.contend(options, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof RegistryError && error.code === 'unavailable')) throw error;
        // After close() every request fails at once and for good.
        if (this.ports.http.isClosed()) throw error;
      }
      await sleep(this.ports.clock, backoffMs(failures, RETRY, this.ports.rng), signal);
    }
  }

  /** Gives back whatever is held. */
  async close(): Promise<void> {
    await Promise.all([...this.leases].map((lease) => lease.release()));
  }

  /** One session's try; ends with a lease, or throws `unavailable` when the session is lost. */
  private async contend(options: LockOptions, signal: AbortSignal): Promise<Lease> {
    const { key, holder } = options;
    const session = await ConsulSession.open(`${key} (${holder})`, options.ttlMs, this.ports, signal);
    const either = AbortSignal.any([signal, session.lost]);
    try {
      await this.putContender(key, session.id, holder, either);
      return this.lease(key, session, await this.waitForSlot(options, session.id, either));
    } catch (error) {
      // Not awaited: who gives up must not wait for a registry that does not answer.
      void session.close();
      throw error;
    }
  }

  private async putContender(key: string, session: string, holder: string, signal: AbortSignal): Promise<void> {
    const { body } = await this.ports.http.request(
      {
        operation: `contend for ${key}`,
        method: 'PUT',
        path: '/kv/{key}',
        params: { key: contenderKey(key, session) },
        query: { acquire: session },
        body: { holder },
      },
      signal,
    );
    if (body !== true) throw this.gone(key);
  }

  private async waitForSlot(options: LockOptions, session: string, signal: AbortSignal): Promise<bigint> {
    let index = 0n;
    for (;;) {
      const read = await this.read(options.key, index, signal);
      if (!read.view.contenders.has(session)) throw this.gone(options.key);
      const slot = judgeSlot(read.view, session, options.holder, options.slots);
      const fence = slot.admitted && (await this.take(options.key, session, read.view.version, slot.document, signal));
      if (typeof fence === 'bigint') return fence;
      // Free, yet somebody was faster: look again at once.
      const next = slot.admitted ? { index: 0n, verdict: 'went-back' } : nextWatchIndex(index, read.index);
      index = next.index;
      if (next.verdict === 'unusable') await sleep(this.ports.clock, POLL_MS, signal);
    }
  }

  private async read(
    key: string,
    index: bigint,
    signal?: AbortSignal,
  ): Promise<{ readonly view: SemaphoreView; readonly index: string | undefined }> {
    const { http } = this.ports;
    const operation = `read of lock ${key}`;
    const answer = await http.request(
      {
        operation,
        method: 'GET',
        path: '/kv/{key}',
        params: { key: `${key}/` },
        query: { recurse: '1', ...(index > 0n && { index: String(index), wait: `${WAIT_MS}ms` }) },
        ...(index > 0n && { timeoutMs: blockingTimeoutMs(WAIT_MS, this.marginMs) }),
        expect: [404],
      },
      signal,
    );
    const items = answer.status === 404 ? [] : answeredList(answer.body, http.description, operation);
    return { view: readSemaphore(items, key), index: answer.index };
  }

  /** The fence, or false when somebody else changed the document first. */
  private async take(
    key: string,
    session: string,
    version: number,
    document: string,
    signal?: AbortSignal,
  ): Promise<bigint | false> {
    const lock = documentKey(key);
    const answer = await this.ports.http.request(
      {
        operation: `take a slot of ${key}`,
        method: 'PUT',
        path: '/txn',
        body: [
          { KV: { Verb: 'check-session', Key: contenderKey(key, session), Session: session } },
          { KV: { Verb: 'cas', Key: lock, Index: version, Value: Buffer.from(document).toString('base64') } },
        ],
        expect: [409],
      },
      signal,
    );
    if (answer.status === 409) return false;
    const written = listIn(answer.body, 'Results').map((result) => objectIn(result, 'KV'));
    const fence = numberIn(
      written.find((entry) => textIn(entry, 'Key') === lock),
      'ModifyIndex',
    );
    return fence > 0 && BigInt(fence);
  }

  private lease(key: string, session: ConsulSession, fence: bigint): Lease {
    let released: Promise<void> | undefined;
    const lease: Lease = {
      fence,
      lost: session.lost,
      release: () => {
        this.leases.delete(lease);
        released ??= this.release(key, session);
        return released;
      },
    };
    this.leases.add(lease);
    session.lost.addEventListener('abort', () => this.leases.delete(lease), { once: true });
    return lease;
  }

  private async release(key: string, session: ConsulSession): Promise<void> {
    try {
      const { view } = await this.read(key, 0n);
      await this.take(key, session.id, view.version, documentWithout(view, session.id));
    } catch {
      // Only for people who look at the document: what frees the slot is the end of the session.
    }
    await session.close();
  }

  private gone(key: string): RegistryError {
    return new RegistryError('unavailable', `${this.ports.http.description}: the session for ${key} is gone`);
  }
}

function refuseBadOptions({ key, slots, ttlMs }: LockOptions): void {
  const faults = [
    ...(/^[^/\s]+(\/[^/\s]+)*$/.test(key) ? [] : ['key: names separated by single slashes']),
    ...(Number.isInteger(slots) && slots > 0 ? [] : ['slots: a whole number from 1']),
    ...(Number.isInteger(ttlMs) && ttlMs >= MIN_TTL_MS && ttlMs <= MAX_TTL_MS
      ? []
      : [`ttlMs: a whole number from ${MIN_TTL_MS} to ${MAX_TTL_MS}, Consul's limits for a session`]),
  ];
  if (faults.length > 0) throw new RegistryError('invalid-request', `lock ${key}: ${faults.join('; ')}`);
}
