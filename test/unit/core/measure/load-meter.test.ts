import fc from 'fast-check';
import { LoadMeter } from '../../../../core/measure/load-meter';

const options = { concurrency: Infinity, windowMs: 1_000, memoryMs: 5_000 };
const idle = (): number => 0;

/** `rate` calls in each of `seconds` seconds from `beganMs`, each `tookMs` long; returns the time after them. */
function run(
  meter: LoadMeter,
  beganMs: number,
  { rate, seconds, tookMs, failed = 0 }: { rate: number; seconds: number; tookMs: number; failed?: number },
  busy: () => number = idle,
): number {
  for (let second = 0; second < seconds; second += 1) {
    for (let call = 0; call < rate; call += 1) {
      const startMs = beganMs + second * 1_000 + (call * 1_000) / rate;
      meter.callStarted(startMs);
      meter.callEnded(call < failed, startMs + tookMs);
    }
    meter.report(beganMs + (second + 1) * 1_000, busy);
  }
  return beganMs + seconds * 1_000;
}

describe('the load of a server', () => {
  it('is not reported in the first window', () => {
    const meter = new LoadMeter(0, options);
    meter.callStarted(10);
    meter.callEnded(false, 20);
    expect(meter.report(999, idle)).toBeNull();
    expect(meter.report(1_000, () => 0.5)).toEqual({ qps: 1, eps: 0, utilization: 0.5 });
  });

  it('counts calls and failures per second', () => {
    const meter = new LoadMeter(0, options);
    const endMs = run(meter, 0, { rate: 50, seconds: 3, tookMs: 2, failed: 5 }, () => 0.25);
    const report = meter.report(endMs, idle)!;
    expect(report.qps).toBeCloseTo(50);
    expect(report.eps).toBeCloseTo(5);
    expect(report.utilization).toBeCloseTo(0.25);
  });

  it('is one object, and asked for once, until the window is over', () => {
    const meter = new LoadMeter(0, options);
    const busy = jest.fn(() => 0.5);
    const first = meter.report(1_000, busy);
    expect(meter.report(1_999, busy)).toBe(first);
    expect(busy).toHaveBeenCalledTimes(1);
    expect(meter.report(2_000, busy)).not.toBe(first);
  });

  it('counts how long calls take where only so many can be worked on at once', () => {
    const meter = new LoadMeter(0, { ...options, concurrency: 4 });
    // 20 calls a second of 50 ms each: one of four places is taken on average (Little: N = rate * time).
    const endMs = run(meter, 0, { rate: 20, seconds: 2, tookMs: 50 });
    expect(meter.report(endMs, idle)!.utilization).toBeCloseTo((20 * 0.05) / 4);
    expect(run(meter, endMs, { rate: 20, seconds: 30, tookMs: 50 }, () => 0.9)).toBe(32_000);
    expect(meter.report(32_000, idle)!.utilization).toBeGreaterThan(0.89);
  });

  it('counts calls that are still under way', () => {
    const meter = new LoadMeter(0, { ...options, concurrency: 2 });
    meter.callStarted(0);
    expect(meter.report(1_000, idle)!.utilization).toBeCloseTo(0.5);
    meter.callStarted(1_000);
    expect(meter.report(60_000, idle)!.utilization).toBeGreaterThan(0.99);
  });

  it('shows a change within a few seconds, not at once', () => {
    const meter = new LoadMeter(0, options);
    let nowMs = run(meter, 0, { rate: 100, seconds: 30, tookMs: 1 });
    nowMs = run(meter, nowMs, { rate: 10, seconds: 1, tookMs: 1 });
    expect(meter.report(nowMs, idle)!.qps).toBeGreaterThan(80);
    nowMs = run(meter, nowMs, { rate: 10, seconds: 20, tookMs: 1 });
    expect(meter.report(nowMs, idle)!.qps).toBeLessThan(12);
  });

  it('is made of numbers that are not negative, whatever the clock does', () => {
    const step = fc.record({
      passedMs: fc.integer({ min: -500, max: 3_000 }),
      starts: fc.nat(3),
      failed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const meter = new LoadMeter(0, { ...options, concurrency: 3 });
        let nowMs = 0;
        let open = 0;
        for (const { passedMs, starts, failed } of steps) {
          nowMs += passedMs;
          for (let start = 0; start < starts; start += 1) meter.callStarted(nowMs);
          open += starts;
          if (open > 0) {
            meter.callEnded(failed, nowMs);
            open -= 1;
          }
          const report = meter.report(nowMs, idle);
          for (const value of Object.values(report ?? {})) expect(value).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
