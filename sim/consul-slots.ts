/**
 * The slots of Consul's semaphores: first come, first served, each held until it is given back or not renewed for long.
 */
import type { Engine } from './engine';

export interface Holder {
  readonly key: string;
  readonly holder: string;
  readonly slots: number;
  readonly ttlMs: number;
}

interface Held extends Holder {
  renewedMs: number;
}

export class ConsulSlots {
  private held: Held[] = [];
  private waiting: { readonly asked: Holder; readonly grant: () => void }[] = [];

  constructor(private readonly engine: Engine) {}

  ask(asked: Holder, grant: () => void): void {
    this.waiting.push({ asked, grant });
    this.admit();
  }

  /** False: it is not held any more. */
  renew({ key, holder }: Holder): boolean {
    const held = this.find(key, holder);
    if (held === undefined) return false;
    held.renewedMs = this.engine.nowMs;
    return true;
  }

  release({ key, holder }: Holder): void {
    this.waiting = this.waiting.filter(({ asked }) => asked.key !== key || asked.holder !== holder);
    this.held = this.held.filter((held) => held.key !== key || held.holder !== holder);
    this.admit();
  }

  forget(): void {
    this.held = [];
    this.admit();
  }

  private find(key: string, holder: string): Held | undefined {
    return this.held.find((held) => held.key === key && held.holder === holder);
  }

  private admit(): void {
    for (const waiter of [...this.waiting]) {
      const { asked, grant } = waiter;
      if (this.held.filter(({ key }) => key === asked.key).length >= asked.slots) continue;
      this.waiting = this.waiting.filter((other) => other !== waiter);
      const held = { ...asked, renewedMs: this.engine.nowMs };
      this.held.push(held);
      this.watch(held);
      grant();
    }
  }

  /** Consul may take twice the TTL of a session until it ends it. */
  private watch(held: Held): void {
    const endMs = held.renewedMs + 2 * held.ttlMs;
    this.engine.at(endMs, () => {
      if (!this.held.includes(held)) return;
      if (this.engine.nowMs < held.renewedMs + 2 * held.ttlMs) {
        this.watch(held);
        return;
      }
      this.held = this.held.filter((other) => other !== held);
      this.admit();
    });
  }
}
