import type { CallId } from '../core/decide/call-id';
import { CallMemory } from '../core/decide/call-memory';
import type { Clock } from '../core/time/clock';
import { systemClock } from '../runtime/system-clock';
import type { Answer, Claim, DedupStore } from './dedup-store';

export interface MemoryDedupOptions {
  /** How long a call is remembered, ms. Default: ten minutes. */
  readonly windowMs?: number;
  /** How many calls are remembered at most. Default: 10 000. */
  readonly maxEntries?: number;
  readonly clock?: Pick<Clock, 'unixMs'>;
}

interface Entry {
  readonly fingerprint: string;
  readonly answer: Answer | null;
}

/** Callers' clocks may be ahead of ours: what is stamped this long after our start may be older than we are. */
const CLOCK_SKEW_MS = 1_000;

/**
 * Call ids in this process's memory: good for one server, and until it ends. A call that it may have forgotten, because
 * it is older than the window, than this process, or than the oldest of `maxEntries`, is `lost`, never executed.
 *
 * @throws RangeError unless windowMs and maxEntries are above 0
 */
export class MemoryDedupStore implements DedupStore {
  readonly shared = false;
  readonly #calls: CallMemory<Entry>;
  readonly #clock: Pick<Clock, 'unixMs'>;

  constructor({ windowMs = 600_000, maxEntries = 10_000, clock = systemClock() }: MemoryDedupOptions = {}) {
    for (const [name, value] of Object.entries({ windowMs, maxEntries })) {
      if (!(value > 0)) throw new RangeError(`${name} must be above 0, it is ${value}`);
    }
    this.#clock = clock;
    this.#calls = new CallMemory({ windowMs, maxEntries, sinceMs: clock.unixMs() + CLOCK_SKEW_MS });
  }

  claim(id: CallId, fingerprint: string): Promise<Claim> {
    const nowMs = this.#clock.unixMs();
    const recall = this.#calls.recall(id, nowMs);
    if (recall.kind === 'lost') return Promise.resolve({ state: 'lost', reason: recall.reason });
    if (recall.kind === 'new') {
      this.#calls.remember(id, { fingerprint, answer: null }, nowMs);
      return Promise.resolve({ state: 'mine' });
    }
    const { fingerprint: first, answer } = recall.value;
    return Promise.resolve(
      answer === null ? { state: 'held', fingerprint: first } : { state: 'answered', fingerprint: first, answer },
    );
  }

  settle(id: CallId, answer: Answer): Promise<void> {
    const nowMs = this.#clock.unixMs();
    const recall = this.#calls.recall(id, nowMs);
    if (recall.kind === 'known') this.#calls.remember(id, { ...recall.value, answer }, nowMs);
    return Promise.resolve();
  }

  release(id: CallId): Promise<void> {
    this.#calls.release(id);
    return Promise.resolve();
  }
}
