import fc from 'fast-check';
import { EwmaLatency, isLighter, type Burden } from '../../../../core/pick/ewma-latency';
import { seeded } from '../../../support/statistics';

describe('the remembered latency of an endpoint', () => {
  it('is unknown before the first answer, and that answer after it', () => {
    const latency = new EwmaLatency();
    expect(latency.valueAt(5)).toBeNull();
    latency.add(20, 5);
    expect(latency.valueAt(5)).toBe(20);
  });

  it('believes a slower answer at once, and faster ones slowly', () => {
    const latency = new EwmaLatency(10_000);
    latency.add(10, 0);
    latency.add(500, 100);
    expect(latency.valueAt(100)).toBe(500);
    latency.add(10, 200);
    expect(latency.valueAt(200)).toBeGreaterThan(490);
    for (let nowMs = 300; nowMs <= 30_200; nowMs += 100) latency.add(10, nowMs);
    expect(latency.valueAt(30_200)).toBeLessThan(40);
  });

  it('forgets what it was told long ago, so that a slow endpoint is tried again', () => {
    const latency = new EwmaLatency(10_000);
    latency.add(500, 0);
    expect(latency.valueAt(10_000)).toBeCloseTo(500 / Math.E);
    expect(latency.valueAt(100_000)).toBeLessThan(0.1);
  });

  it('stays between the fastest, or nothing, and the slowest answer, also when the clock stands still or goes back', () => {
    const step = fc.tuple(fc.integer({ min: -1_000, max: 60_000 }), fc.double({ min: 0, max: 1e5, noNaN: true }));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1 }), (steps) => {
        const latency = new EwmaLatency();
        let nowMs = 0;
        let slowest = 0;
        for (const [passedMs, tookMs] of steps) {
          nowMs += passedMs;
          slowest = Math.max(slowest, tookMs);
          latency.add(tookMs, nowMs);
          const value = latency.valueAt(nowMs) ?? -1;
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(slowest * (1 + 1e-9));
        }
      }),
    );
  });
});

describe('the lighter of two endpoints', () => {
  const one = (underWay: number, latencyMs: number | null, weight = 1): Burden => ({ underWay, latencyMs, weight });

  it('has the smaller product of latency and attempts, for its weight', () => {
    expect(isLighter(one(0, 50), one(2, 20))).toBe(true);
    expect(isLighter(one(2, 20), one(0, 50))).toBe(false);
    expect(isLighter(one(5, 20, 3), one(2, 20, 1))).toBe(true);
  });

  it('is found by the attempts alone while the latency of either is unknown', () => {
    expect(isLighter(one(0, null), one(1, 1))).toBe(true);
    expect(isLighter(one(1, null), one(0, 9_000))).toBe(false);
  });

  it('is neither of two equal ones', () => {
    expect(isLighter(one(3, 7), one(3, 7))).toBe(false);
    expect(isLighter(one(0, 0), one(0, 0.05))).toBe(false);
  });

  it('gets a slow endpoint out of most of the way, and fast ones the rest evenly', () => {
    // Three servers take 2, 2 and 40 ms; one call begins each ms; two are drawn and the lighter one is taken.
    const rng = seeded(21);
    const tookMs = [2, 2, 40];
    const latencies = tookMs.map(() => new EwmaLatency());
    const ends: number[][] = [[], [], []];
    const counts = [0, 0, 0];
    for (let nowMs = 0; nowMs < 20_000; nowMs += 1) {
      for (const [place, open] of ends.entries()) {
        while ((open[0] ?? Infinity) <= nowMs) latencies[place]!.add(tookMs[place]!, open.shift()!);
      }
      const first = Math.floor(rng() * 3);
      const second = (first + 1 + Math.floor(rng() * 2)) % 3;
      const burden = (place: number): Burden => one(ends[place]!.length, latencies[place]!.valueAt(nowMs));
      const chosen = isLighter(burden(second), burden(first)) ? second : first;
      ends[chosen]!.push(nowMs + tookMs[chosen]!);
      counts[chosen]! += 1;
    }
    const [fast = 0, alsoFast = 0, slow = 0] = counts;
    expect(slow / 20_000).toBeLessThan(0.05);
    expect(slow).toBeGreaterThan(0);
    expect(Math.abs(fast - alsoFast) / 20_000).toBeLessThan(0.02);
  });
});
