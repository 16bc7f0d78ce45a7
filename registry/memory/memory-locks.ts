/**
 * Locks and semaphores of the memory registry: first come, first served. A holder renews every third of its TTL; while
 * the registry is away it cannot, and loses its slot when its TTL has passed.
 */
import type { Clock } from '../../core/time/clock';
import { RegistryError, type Lease, type LockOptions, type Locks } from '../port';

interface Slot {
  readonly options: LockOptions;
  readonly fence: bigint;
  readonly losing: AbortController;
  goodSinceMs: number;
  cancelRenewal: () => void;
}

interface Waiter {
  readonly options: LockOptions;
  readonly admit: (lease: Lease) => void;
}

export class MemoryLocks implements Locks {
  private held: Slot[] = [];
  private waiting: Waiter[] = [];
  private lastFence = 0n;

  constructor(
    private readonly clock: Clock,
    private readonly isAway: () => boolean,
  ) {}

  acquire(options: LockOptions, signal: AbortSignal): Promise<Lease> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (!Number.isInteger(options.slots) || options.slots < 1 || options.ttlMs <= 0) {
      const message = `lock ${options.key}: slots is a whole number from 1, ttlMs is greater than 0`;
      return Promise.reject(new RegistryError('invalid-request', message));
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.waiting = this.waiting.filter((other) => other !== waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        options,
        admit: (lease) => {
          signal.removeEventListener('abort', abort);
          resolve(lease);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.waiting.push(waiter);
      this.admitWaiters();
    });
  }

  /** Lets in whoever may come in now. */
  admitWaiters(): void {
    if (this.isAway()) return;
    for (const waiter of [...this.waiting]) {
      const others = this.held.filter((slot) => slot.options.key === waiter.options.key);
      const limit = Math.min(waiter.options.slots, ...others.map((slot) => slot.options.slots));
      if (others.length >= limit) continue;
      this.waiting = this.waiting.filter((other) => other !== waiter);
      waiter.admit(this.open(waiter.options));
    }
  }

  /** The registry forgets every slot; the holders learn it with their next renewal. */
  forget(): void {
    this.held = [];
    this.admitWaiters();
  }

  close(): void {
    for (const slot of [...this.held]) this.drop(slot);
  }

  private open(options: LockOptions): Lease {
    this.lastFence += 1n;
    const slot: Slot = {
      options,
      fence: this.lastFence,
      losing: new AbortController(),
      goodSinceMs: this.clock.nowMs(),
      cancelRenewal: () => undefined,
    };
    this.held.push(slot);
    this.scheduleRenewal(slot);
    return {
      fence: slot.fence,
      lost: slot.losing.signal,
      release: () => {
        this.drop(slot);
        return Promise.resolve();
      },
    };
  }

  private scheduleRenewal(slot: Slot): void {
    const { ttlMs } = slot.options;
    const deadlineMs = slot.goodSinceMs + ttlMs - this.clock.nowMs();
    slot.cancelRenewal = this.clock.after(Math.max(0, Math.min(ttlMs / 3, deadlineMs)), () => {
      this.renew(slot);
    });
  }

  private renew(slot: Slot): void {
    const nowMs = this.clock.nowMs();
    if (!this.isAway() && this.held.includes(slot)) slot.goodSinceMs = nowMs;
    const forgotten = !this.isAway() && !this.held.includes(slot);
    if (forgotten || nowMs - slot.goodSinceMs >= slot.options.ttlMs) {
      this.drop(slot);
      slot.losing.abort(new RegistryError('unavailable', `lock ${slot.options.key} of ${slot.options.holder} is lost`));
      return;
    }
    this.scheduleRenewal(slot);
  }

  private drop(slot: Slot): void {
    slot.cancelRenewal();
    this.held = this.held.filter((other) => other !== slot);
    this.admitWaiters();
  }
}
