/**
 * The heap of events and the only time there is. Events run in the order of their time, then of their arming. Code under
 * test uses promises, streams and immediates: after each event that may touch them everything pending runs to its end, so
 * nothing ever depends on the machine's own time.
 */
interface Timed {
  readonly atMs: number;
  readonly order: number;
  readonly quick: boolean;
  fire: (() => void) | null;
}

/**
 * Time has a grain, a power of two: sums and differences of times are exact, so a timer never fires a hair too early and is
 * armed again for ever.
 */
const GRAIN_MS = 2 ** -10;

export class Engine {
  nowMs = 0;
  /** Events that were run. */
  events = 0;
  private readonly heap: Timed[] = [];
  private armed = 0;

  /** Runs `fire` at that time, or at once when it is past. @param quick it touches no promise, stream or immediate */
  at(atMs: number, fire: () => void, quick = false): () => void {
    const grainMs = Math.ceil(atMs / GRAIN_MS) * GRAIN_MS;
    const timed: Timed = { atMs: Math.max(this.nowMs, grainMs), order: this.armed, quick, fire };
    this.armed += 1;
    this.push(timed);
    return () => {
      timed.fire = null;
    };
  }

  /** Like `at`, `delayMs` from now; later than now unless that is 0. */
  after(delayMs: number, fire: () => void): () => void {
    return this.at(this.nowMs + (delayMs > 0 ? Math.max(GRAIN_MS, delayMs) : 0), fire);
  }

  /** Runs what is due up to `endMs`, or until `enough` says so (asked after every event). */
  async run(endMs: number, enough: () => boolean = () => false): Promise<void> {
    await settle();
    for (let next = this.heap[0]; next !== undefined && next.atMs <= endMs; next = this.heap[0]) {
      this.pop();
      const { fire } = next;
      if (fire === null) continue;
      next.fire = null;
      this.nowMs = next.atMs;
      this.events += 1;
      fire();
      if (!next.quick) await settle();
      if (enough()) return;
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  private push(timed: Timed): void {
    const { heap } = this;
    let place = heap.length;
    heap.push(timed);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(timed, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = timed;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      if (one === undefined) break;
      const right = other !== undefined && before(other, one);
      const child = right ? other : one;
      if (!before(child, last)) break;
      heap[place] = child;
      place = right ? left + 1 : left;
    }
    heap[place] = last;
  }
}

function before(one: Timed, other: Timed): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

/** An immediate runs after all promise callbacks and ticks, however long their chains are. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
