/**
 * A quantile of the latest samples: exact over a sliding window, computed anew only now and then. It forgets a slow start
 * and notices a slow-down within one window.
 */
const WINDOW = 256;
const RENEW_EVERY = 16;

export class RecentQuantile {
  private readonly samples: number[] = [];
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

  private renew(): void {
    const sorted = [...this.samples].sort((a, b) => a - b);
    this.estimate = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * this.share))] ?? null;
  }
}
