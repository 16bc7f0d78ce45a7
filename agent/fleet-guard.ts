/**
 * Lets no more than so many instances of a service be in recovery at once, and none while too few others serve. The slots are
 * a semaphore of the registry: held until the server is proven well, free again when its holder dies. While the registry is
 * away nobody is restarted on suspicion; a registry that refuses slots for good only costs the bound, said loudly.
 */
import { judgeFloor } from '../core/decide/floor';
import type { Clock, Rng } from '../core/time/clock';
import { RegistryError, type Catalog, type Lease, type Locks } from '../registry/port';
import { sleep } from '../runtime/sleep';
import { asError } from './deadline';
import type { IncidentTracker } from './incident-tracker';
import type { Log } from './ports';

export interface GuardConfig {
  /** Instances in recovery at once; 0: any number. */
  readonly atOnce: number;
  /** Others that must serve; 0: none. */
  readonly minHealthy: number;
}

export interface GuardPorts {
  readonly registry: Locks & Pick<Catalog, 'snapshot'>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly incident: IncidentTracker;
  /** Nothing is begun for now, and why. */
  readonly onHeld: (reason: string) => void;
  /** What was held may be done now. */
  readonly onGranted: () => void;
}

/** Consul's least; it may take twice as long until a dead holder's slot is free. */
const SLOT_TTL_MS = 10_000;
const LOOK_AGAIN_MS = 2000;
const WORTH_SAYING_MS = 1000;
/** A beat of the others, so that what they see stands in the catalog. */
const SETTLE_MS = 1000;
/** So long a look at the fleet counts. */
const FRESH_MS = 3000;

export class FleetGuard {
  private lease: Lease | undefined;
  /** No slot is to be had, and none is needed. */
  private open = false;
  private asking: AbortController | undefined;
  private held = '';
  private checkedMs = 0;

  constructor(
    private readonly identity: { readonly service: string; readonly instance: string },
    private readonly config: GuardConfig,
    private readonly ports: GuardPorts,
  ) {}

  /** Whether something may be begun now. When not, it asks for a slot by itself, and `onGranted` tells when there is one. */
  permit(): boolean {
    const { atOnce, minHealthy } = this.config;
    if (atOnce === 0 && minHealthy === 0) return true;
    const has = this.open || this.lease?.lost.aborted === false;
    // Others may have fallen since: what was true of the fleet is asked again for each action.
    if (has && (minHealthy === 0 || this.ports.clock.nowMs() - this.checkedMs < FRESH_MS)) return true;
    if (this.asking === undefined) {
      this.asking = new AbortController();
      void this.ask(this.asking.signal);
    }
    return false;
  }

  /** The server is proven well, or given up: others may recover. Idempotent. */
  release(): void {
    this.asking?.abort(new Error('no slot is needed any more'));
    this.asking = undefined;
    this.open = false;
    this.held = '';
    void this.lease?.release();
    this.lease = undefined;
  }

  private async ask(signal: AbortSignal): Promise<void> {
    const { clock, rng } = this.ports;
    // Who gets a slot at once has nothing to say.
    const cancel = clock.after(WORTH_SAYING_MS, () => this.hold(this.waiting()));
    for (;;) {
      try {
        if (await this.tryOnce(signal)) break;
      } catch (error) {
        if (signal.aborted || this.isRefused(asError(error), signal)) break;
      }
      await sleep(clock, LOOK_AGAIN_MS * (1 - 0.5 * rng()), signal);
      if (signal.aborted) break;
    }
    cancel();
  }

  private async tryOnce(signal: AbortSignal): Promise<boolean> {
    if (!(await this.floorHolds(signal))) return false;
    const { atOnce, minHealthy } = this.config;
    if (atOnce > 0 && this.lease?.lost.aborted !== false) {
      this.lease = await this.acquire(signal);
      // Who fell at the same moment is in the catalog by now.
      if (minHealthy > 0) await sleep(this.ports.clock, SETTLE_MS, signal);
      if (!signal.aborted && !(await this.floorHolds(signal).catch(() => false))) {
        void this.lease.release();
        this.lease = undefined;
        return false;
      }
    }
    this.grant(signal);
    return true;
  }

  /** A slot that comes after it was wanted is given back. */
  private async acquire(signal: AbortSignal): Promise<Lease> {
    const { service, instance } = this.identity;
    const { atOnce: slots } = this.config;
    const key = `understudy/recovery/${service}`;
    const lease = await this.ports.registry.acquire({ key, slots, holder: instance, ttlMs: SLOT_TTL_MS }, signal);
    if (signal.aborted) {
      void lease.release();
      throw asError(signal.reason);
    }
    this.note(`has one of ${slots} recovery slots of ${service}`);
    lease.lost.addEventListener('abort', () => this.onLost(lease), { once: true });
    return lease;
  }

  private grant(signal: AbortSignal): void {
    if (signal.aborted) return;
    this.asking = undefined;
    this.open = this.lease === undefined;
    this.checkedMs = this.ports.clock.nowMs();
    this.held = '';
    this.ports.onGranted();
  }

  private onLost(lease: Lease): void {
    if (this.lease !== lease) return;
    this.lease = undefined;
    this.note('its recovery slot was lost; nothing more is begun before it has one again');
  }

  /** True: it will never be otherwise, so the bound is given up and not the recovery. */
  private isRefused(error: Error, signal: AbortSignal): boolean {
    if (!(error instanceof RegistryError) || error.retryable) {
      this.hold(`nothing is done on suspicion while the registry is away: ${error.message}`);
      return false;
    }
    const sentence = `acts without the fleet's bound: ${error.message}`;
    this.ports.log.write('error', `${this.identity.instance}: ${sentence}`);
    this.note(sentence);
    this.grant(signal);
    return true;
  }

  private async floorHolds(signal: AbortSignal): Promise<boolean> {
    const { service, instance } = this.identity;
    const { minHealthy } = this.config;
    if (minHealthy === 0) return true;
    const { instances } = await this.ports.registry.snapshot({ service }, signal);
    const { allowed, reason } = judgeFloor(instances, instance, minHealthy);
    if (!allowed) this.hold(reason);
    return allowed;
  }

  private waiting(): string {
    return `waiting for one of ${this.config.atOnce} recovery slots of ${this.identity.service}`;
  }

  private hold(reason: string): void {
    if (reason === this.held) return;
    this.held = reason;
    this.note(reason);
    this.ports.onHeld(reason);
  }

  private note(sentence: string): void {
    this.ports.incident.take({ kind: 'decided', source: 'guard', sentence });
  }
}
