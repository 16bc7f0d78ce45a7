/**
 * Remembers what became of calls, by id, in bounded space. It may forget, but never mistakes a forgotten call for a new
 * one: the stamps of ids order them, everything up to a horizon may have been forgotten, and an unknown id from behind
 * the horizon is "lost", not "new" (Liskov, Shrira and Wroclawski, "Efficient at-most-once messages based on
 * synchronized clocks", 1991). Clocks that differ cost answers, not correctness.
 */
import type { CallId } from './call-id';

export interface CallMemoryOptions {
  /** How long a call is remembered from its stamp on, ms. */
  readonly windowMs: number;
  /** More than this are never remembered: the one with the oldest stamp goes first. */
  readonly maxEntries: number;
  /** Nothing from before this is remembered, Unix ms: the start of the memory. */
  readonly sinceMs: number;
}

export type Recall<T> =
  | { readonly kind: 'known'; readonly value: T }
  /** Never seen: it may be executed. */
  | { readonly kind: 'new' }
  /** Nobody can tell whether it was executed: it must not be. */
  | { readonly kind: 'lost'; readonly reason: string };

export class CallMemory<T> {
  private readonly values = new Map<string, T>();
  /** Those in `values`, by stamp, oldest first. */
  private readonly order: CallId[] = [];
  private horizonMs: number;

  constructor(private readonly options: CallMemoryOptions) {
    this.horizonMs = options.sinceMs;
  }

  get size(): number {
    return this.values.size;
  }

  recall(id: CallId, nowUnixMs: number): Recall<T> {
    this.expire(nowUnixMs);
    const value = this.values.get(id.text);
    if (value !== undefined) return { kind: 'known', value };
    if (id.stampMs <= this.horizonMs) {
      return { kind: 'lost', reason: `it is ${seconds(nowUnixMs - id.stampMs)} old, and calls that old are forgotten` };
    }
    // One that would stay for longer than the window could crowd out all others.
    const aheadMs = id.stampMs - nowUnixMs;
    if (aheadMs > this.options.windowMs) {
      return { kind: 'lost', reason: `its stamp is ${seconds(aheadMs)} ahead of this server's clock` };
    }
    return { kind: 'new' };
  }

  remember(id: CallId, value: T, nowUnixMs: number): void {
    this.expire(nowUnixMs);
    if (id.stampMs <= this.horizonMs) return;
    if (!this.values.has(id.text)) this.order.splice(this.placeAfter(id.stampMs), 0, id);
    this.values.set(id.text, value);
    while (this.values.size > this.options.maxEntries) this.forgetOldest();
  }

  /** It was provably not executed: it may come again as a new one. */
  release(id: CallId): void {
    if (!this.values.delete(id.text)) return;
    const place = this.order.findIndex(({ text }) => text === id.text);
    this.order.splice(place, 1);
  }

  private expire(nowUnixMs: number): void {
    const endMs = nowUnixMs - this.options.windowMs;
    while ((this.order[0]?.stampMs ?? Infinity) <= endMs) this.forgetOldest();
    this.horizonMs = Math.max(this.horizonMs, endMs);
  }

  private forgetOldest(): void {
    const oldest = this.order.shift();
    if (oldest === undefined) return;
    this.values.delete(oldest.text);
    this.horizonMs = Math.max(this.horizonMs, oldest.stampMs);
  }

  /** Index of the first stamp that is later, by bisection: nearly always the end. */
  private placeAfter(stampMs: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.order[middle]?.stampMs ?? 0) <= stampMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
