/**
 * A quantile of the latest samples: exact over a sliding window, computed anew only now and then. It forgets a slow start
 * and notices a slow-down within one window.
 */
const WINDOW = 256;
const RENEW_EVERY = 16;

export class RecentQuantile {
  private readonly samples = new Float64Array(WINDOW);
  /** Of the last renewal, ascending. */
  private largest = new Float64Array(0);
  private seen = 0;
  private estimate: number | null = null;

  /** @param share wanted share of the samples below the value, 0.99 */
  constructor(private readonly share: number) {}

  add(sample: number): void {
    this.samples[this.seen % WINDOW] = sample;
    this.seen += 1;
    if (this.seen <= RENEW_EVERY || this.seen % RENEW_EVERY === 0) this.renew();
  }

  /** Null before the first sample. */
  get value(): number | null {
    return this.estimate;
  }

  /** One pass that keeps the few largest: for a high quantile that costs a tenth of sorting them all. */
  private renew(): void {
    const count = Math.min(this.seen, WINDOW);
    const kept = count - Math.min(count - 1, Math.floor(count * this.share));
    if (this.largest.length !== kept) this.largest = new Float64Array(kept);
    this.largest.fill(-Infinity);
    for (let place = 0; place < count; place += 1) insert(this.largest, this.samples[place] ?? 0);
    this.estimate = this.largest[0] ?? null;
  }
}

/** Into ascending order, in place of the least. */
function insert(largest: Float64Array, sample: number): void {
  if (sample <= (largest[0] ?? 0)) return;
  let place = 0;
  for (let next = largest[1]; next !== undefined && next < sample; next = largest[place + 1]) {
    largest[place] = next;
    place += 1;
  }
  largest[place] = sample;
}
