import fc from 'fast-check';
import { drainServer } from '../../../server/drain-server';
import type { DrainOptions, DrainReport } from '../../../server/drain-server';
import { VirtualClock } from '../../support/virtual-clock';

/** A server whose calls in flight end when the test says so, and which writes down what is done to it and when. */
function scene(options: Partial<DrainOptions> = {}) {
  const clock = new VirtualClock();
  const startMs = clock.nowMs();
  const log: string[] = [];
  const note = (what: string): void => void log.push(`${clock.nowMs() - startMs} ${what}`);
  let finish: (error?: Error) => void = () => undefined;
  const server = {
    tryShutdown(callback: (error?: Error) => void) {
      note('goaway');
      finish = callback;
    },
    forceShutdown: () => note('force'),
  };
  const health = { announceDrain: () => note('not serving'), endWatches: () => note('watches end') };
  const drained = drainServer({ server, health, graceMs: 300, timeoutMs: 1_000, clock, ...options });
  let report: DrainReport | undefined;
  void drained.then((end) => (report = end));
  return { clock, log, report: () => report, finish: (error?: Error) => finish(error) };
}

describe('drainServer', () => {
  it('says NOT_SERVING at once, waits for callers to leave, then sends GOAWAY before it ends the watches', async () => {
    const { clock, log, report, finish } = scene();
    expect(log).toEqual(['0 not serving']);
    await clock.advanceAsync(299);
    expect(log).toHaveLength(1);
    await clock.advanceAsync(1);
    expect(log).toEqual(['0 not serving', '300 goaway', '300 watches end']);
    expect(report()).toBeUndefined();
    await clock.advanceAsync(50);
    finish();
    await clock.advanceAsync(0);
    expect(report()).toEqual({
      drained: true,
      reason: 'drained: callers had 300 ms to leave, and what was in flight ended 50 ms later',
      tookMs: 350,
    });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('cuts what is still in flight when its time is over, grace included', async () => {
    const { clock, log, report } = scene();
    await clock.advanceAsync(999);
    expect(report()).toBeUndefined();
    await clock.advanceAsync(1);
    expect(log.at(-1)).toBe('1000 force');
    expect(report()).toEqual({
      drained: false,
      reason: 'calls and connections were cut: still open after 1000 ms',
      tookMs: 1_000,
    });
  });

  it.each([100, 500])('cuts at once when the signal aborts after %d ms', async (abortMs) => {
    const abort = new AbortController();
    const { clock, log, report } = scene({ signal: abort.signal });
    await clock.advanceAsync(abortMs);
    abort.abort();
    await clock.advanceAsync(0);
    expect(log.at(-1)).toBe(`${abortMs} force`);
    expect(report()).toMatchObject({ drained: false, reason: 'calls and connections were cut: told to stop at once' });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('does not wait at all when told so before it began', async () => {
    const { clock, report } = scene({ signal: AbortSignal.abort() });
    await clock.advanceAsync(0);
    expect(report()).toMatchObject({ drained: false, tookMs: 0 });
  });

  it('reports what the server could not do, and cuts', async () => {
    const { clock, log, report, finish } = scene();
    await clock.advanceAsync(300);
    finish(new Error('not bound'));
    await clock.advanceAsync(0);
    expect(report()).toMatchObject({
      drained: false,
      reason: 'calls and connections were cut: the server said: not bound',
    });
    expect(log.at(-1)).toBe('300 force');
  });

  it.each([
    [-1, 1_000],
    [1_000, 1_000],
    [0, 0],
    [Number.NaN, 1_000],
    [0, Infinity],
  ])('refuses a grace of %d ms within %d ms', (graceMs, timeoutMs) => {
    expect(() => scene({ graceMs, timeoutMs })).toThrow(RangeError);
  });

  it('always ends within its time, forces exactly when it did not drain, and leaves no timer', async () => {
    const times = fc.record({
      graceMs: fc.nat(500),
      restMs: fc.integer({ min: 1, max: 500 }),
      finishMs: fc.nat(1_500),
      abortMs: fc.nat(1_500),
    });
    await fc.assert(
      fc.asyncProperty(times, async ({ graceMs, restMs, finishMs, abortMs }) => {
        const abort = new AbortController();
        const timeoutMs = graceMs + restMs;
        const { clock, log, report, finish } = scene({ graceMs, timeoutMs, signal: abort.signal });
        clock.after(finishMs, () => finish());
        clock.after(abortMs, () => abort.abort());
        await clock.advanceAsync(timeoutMs);
        const { drained, tookMs } = report()!;
        expect(tookMs).toBeLessThanOrEqual(timeoutMs);
        expect(log.filter((line) => line.endsWith('force'))).toHaveLength(drained ? 0 : 1);
        await clock.advanceAsync(1_500);
        expect(clock.pendingTimers()).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
