/**
 * How one process reaches the simulated Consul: every question and every answer crosses the network, and what does not come
 * back in time fails as it does in registry/consul. It is the agent's port, and the read of a caller's watch.
 */
import type { BlockingAnswer } from '../registry/consul/blocking-loop';
import { asError } from '../agent/deadline';
import type { AgentRegistry } from '../agent/membership-loop';
import type { WatchRequest } from '../core/decide/watch-step';
import type { Snapshot } from '../core/domain/snapshot';
import { RegistryError, type Lease, type LockOptions } from '../registry/port';
import { contentHash } from '../registry/snapshot';
import type { ReadAnswer, SimConsul } from './consul';
import type { Holder } from './consul-slots';
import type { Network } from './network';
import type { SimProcess } from './sim-process';

export const CONSUL = 'consul';
const ANSWER_LIMIT_MS = 3_000;

export class ConsulAccess implements AgentRegistry {
  constructor(
    private readonly consul: SimConsul,
    private readonly network: Network,
    private readonly node: string,
    private readonly process: SimProcess,
  ) {}

  readonly register: AgentRegistry['register'] = (registration) => this.ask(() => this.consul.register(registration));

  readonly beat: AgentRegistry['beat'] = (id, health, reason) => this.ask(() => this.consul.beat(id, health, reason));

  readonly deregister: AgentRegistry['deregister'] = (id) => this.ask(() => this.consul.deregister(id));

  readonly setMaintenance: AgentRegistry['setMaintenance'] = (id, on, reason) =>
    this.ask(() => this.consul.setMaintenance(id, on, reason));

  readonly registered: AgentRegistry['registered'] = () => this.ask(() => this.consul.registered());

  readonly snapshot: AgentRegistry['snapshot'] = () => this.ask(() => this.consul.snapshot());

  /** One blocking read, as a watch asks it. */
  async read({ index, waitMs, consistent }: WatchRequest): Promise<BlockingAnswer<Snapshot>> {
    const limitMs = ANSWER_LIMIT_MS + (index > 0n ? (waitMs * 17) / 16 : 0);
    const answer = await this.exchange<ReadAnswer>(limitMs, (reply) => {
      this.consul.read({ index, waitMs, consistent }, reply);
    });
    const { snapshot } = answer;
    return {
      value: snapshot,
      index: answer.index,
      hash: contentHash(snapshot),
      empty: snapshot.instances.length === 0,
    };
  }

  async acquire({ key, slots, holder, ttlMs }: LockOptions, signal: AbortSignal): Promise<Lease> {
    const { consul } = this;
    const asked = { key, slots, holder, ttlMs };
    const release = (): Promise<void> => this.ask(() => consul.slots.release(asked)).catch(() => undefined);
    await this.ask(() => consul.refuseWithoutLeader());
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      this.forth(() => consul.slots.ask(asked, () => this.back(resolve)));
    }).catch((error: unknown) => {
      void release();
      throw error;
    });
    const losing = new AbortController();
    this.keep(asked, losing, this.process.nowMs());
    return { fence: 0n, lost: losing.signal, release: () => this.giveBack(losing, release) };
  }

  private giveBack(losing: AbortController, release: () => Promise<void>): Promise<void> {
    this.released.add(losing);
    return release();
  }

  private readonly released = new WeakSet<AbortController>();

  /** Renews every third of the TTL; lost when it has not been renewed for a whole one, counted from before the asking. */
  private keep(asked: Holder, losing: AbortController, renewedMs: number): void {
    const { process, consul } = this;
    process.after(asked.ttlMs / 3, () => {
      if (losing.signal.aborted || this.released.has(losing)) return;
      const sentMs = process.nowMs();
      const lose = (): void => losing.abort(new RegistryError('unavailable', 'the slot was lost'));
      if (sentMs - renewedMs >= asked.ttlMs) {
        lose();
        return;
      }
      this.ask(() => {
        consul.refuseWithoutLeader();
        return consul.slots.renew(asked);
      }).then(
        (held) => (held ? this.keep(asked, losing, sentMs) : lose()),
        () => this.keep(asked, losing, renewedMs),
      );
    });
  }

  private ask<T>(act: () => T): Promise<T> {
    return this.exchange<T>(ANSWER_LIMIT_MS, (reply) => reply(act));
  }

  private exchange<T>(limitMs: number, serve: (reply: (outcome: () => T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = this.process.after(limitMs, () =>
        reject(new RegistryError('unavailable', `Consul: no answer within ${limitMs} ms`)),
      );
      const settle = (outcome: () => T): void => {
        cancel();
        try {
          resolve(outcome());
        } catch (error) {
          reject(asError(error));
        }
      };
      this.forth(() =>
        serve((outcome) => {
          const fixed = outcomeOf(outcome);
          this.back(() => settle(fixed));
        }),
      );
    });
  }

  private forth(work: () => void): void {
    this.network.send(this.node, CONSUL, null, work);
  }

  private back(work: () => void): void {
    this.network.send(CONSUL, this.node, null, () => this.process.take(work));
  }
}

/** What it was at Consul's end, whatever happens on the way back. */
function outcomeOf<T>(outcome: () => T): () => T {
  try {
    const value = outcome();
    return () => value;
  } catch (error) {
    return () => {
      throw error as Error;
    };
  }
}
