import fc from 'fast-check';
import {
  DEFAULT_WATCH,
  nextWatchStep,
  startWatch,
  type WatchEvent,
  type WatchState,
  type WatchStep,
} from '../../../../core/decide/watch-step';

const full = { type: 'answered', index: '10', hash: 'full', empty: false } as const;
const empty = { type: 'answered', index: '11', hash: 'empty', empty: true } as const;
const failed = { type: 'failed' } as const;

/** Plays events, each so many ms after the one before. */
function play(...events: readonly (readonly [afterMs: number, event: WatchEvent])[]): readonly WatchStep[] {
  let nowMs = 0;
  let state = startWatch(DEFAULT_WATCH, nowMs);
  return events.map(([afterMs, event]) => {
    const step = nextWatchStep(state, event, DEFAULT_WATCH, (nowMs += afterMs), () => 0.5);
    ({ state } = step);
    return step;
  });
}

const told = (steps: readonly WatchStep[]): readonly boolean[] => steps.map((step) => step.tellSnapshot);
const last = (steps: readonly WatchStep[]): WatchStep => steps.at(-1)!;

it('reads at once, then waits for the next change', () => {
  expect(startWatch(DEFAULT_WATCH, 0).request).toMatchObject({ delayMs: 0, index: 0n });
  expect(last(play([5, full])).state.request).toEqual({ delayMs: 0, index: 10n, waitMs: 60_000, consistent: false });
});

it('tells a view once, however often it is answered', () => {
  expect(told(play([0, full], [60_000, full], [1000, { ...full, index: '99' }]))).toEqual([true, false, false]);
});

it('tells an empty service at once when it was never seen filled', () => {
  expect(told(play([0, empty]))).toEqual([true]);
});

describe('an empty answer after a filled one', () => {
  it('is not told, but asked again by a consistent read that anything new ends early', () => {
    const step = last(play([0, full], [5000, empty]));
    expect(step.tellSnapshot).toBe(false);
    expect(step.state.request).toEqual({ delayMs: 0, index: 11n, waitMs: 1000, consistent: true });
    expect(step.reason).toContain('not believed');
  });

  it('is told when the second read says the same a second later', () => {
    expect(told(play([0, full], [5000, empty], [1060, empty]))).toEqual([true, false, true]);
  });

  it('is not confirmed by a read that comes too early', () => {
    expect(told(play([0, full], [5000, empty], [400, empty], [590, empty], [20, empty])).slice(2)).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('is forgotten when somebody is there again, and then nothing is told', () => {
    const steps = play([0, full], [5000, empty], [300, { ...full, index: '12' }], [9000, empty]);
    expect(told(steps)).toEqual([true, false, false, false]);
  });

  it('is doubted for longer when the registry was away: it may have lost its contents', () => {
    const steps = play([0, full], [5000, failed], [100, empty], [1060, empty], [7800, empty], [1200, empty]);
    expect(told(steps)).toEqual([true, false, false, false, false, true]);
  });

  it('is doubted for longer when the index went back', () => {
    const lost = { ...empty, index: '3' };
    const steps = play([0, full], [5000, lost], [0, lost], [1060, lost], [9000, lost]);
    expect(told(steps)).toEqual([true, false, false, false, true]);
    expect(steps[1]!.state.request).toMatchObject({ delayMs: 0, index: 0n });
  });
});

describe('trouble', () => {
  it('keeps the view, counts, backs off with jitter up to a second, and reads afresh', () => {
    const steps = play(
      [0, full],
      [10, failed],
      [100, failed],
      [100, failed],
      [100, failed],
      [100, failed],
      [100, failed],
    );
    expect(steps.slice(1).map((step) => step.trouble)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps.slice(1).map((step) => step.state.request.delayMs)).toEqual([75, 150, 300, 600, 750, 750]);
    expect(last(steps).state.request.index).toBe(0n);
    expect(last(steps).state.told).toBe('full');
  });

  it('tells how long the registry was away, and no view when nothing changed', () => {
    const step = last(play([0, full], [10, failed], [400, failed], [600, full]));
    expect(step).toMatchObject({ recoveredAfterMs: 1000, tellSnapshot: false, trouble: undefined });
    expect(step.state.failures).toBe(0);
  });
});

it('polls slowly while the registry gives no index', () => {
  const step = last(play([0, { ...full, index: undefined }]));
  expect(step.state.request).toMatchObject({ delayMs: 1000, index: 0n });
});

const anyEvent: fc.Arbitrary<WatchEvent> = fc.oneof(
  fc.constant<WatchEvent>(failed),
  fc.record({
    type: fc.constant('answered' as const),
    index: fc.option(fc.oneof(fc.nat(50).map(String), fc.constant('x')), { nil: undefined }),
    hash: fc.constantFrom('a', 'b'),
    empty: fc.constant(false),
  }),
  fc.record({
    type: fc.constant('answered' as const),
    index: fc.nat(50).map(String),
    hash: fc.constant('empty'),
    empty: fc.constant(true),
  }),
);

/** Any course of events, each answered as fast or slow as it likes. */
const anyCourse = fc.array(fc.tuple(fc.nat(3000), anyEvent), { minLength: 1, maxLength: 60 });

function walk(
  course: readonly (readonly [number, WatchEvent])[],
  look: (step: WatchStep, before: WatchState, event: WatchEvent, nowMs: number) => void,
): void {
  let nowMs = 0;
  let state = startWatch(DEFAULT_WATCH, nowMs);
  for (const [afterMs, event] of course) {
    nowMs += state.request.delayMs + afterMs;
    const step = nextWatchStep(state, event, DEFAULT_WATCH, nowMs, () => 0.5);
    look(step, state, event, nowMs);
    ({ state } = step);
  }
}

it('holds whatever the registry does: no view is lost by an error, none is told twice, no index is trusted wrongly', () => {
  fc.assert(
    fc.property(anyCourse, (course) => {
      walk(course, (step, before, event) => {
        expect(step.tellSnapshot && event.type === 'failed').toBe(false);
        expect(step.tellSnapshot && event.type === 'answered' && event.hash === before.told).toBe(false);
        expect(step.trouble !== undefined).toBe(event.type === 'failed');
        expect(step.recoveredAfterMs !== undefined).toBe(before.failures > 0 && event.type === 'answered');
        const { index, delayMs, waitMs } = step.state.request;
        expect(index === 0n || (event.type === 'answered' && String(index) === event.index)).toBe(true);
        expect([delayMs >= 0, waitMs > 0]).toEqual([true, true]);
      });
    }),
  );
});

it('holds whatever the registry does: an empty view is told after a filled one only when two reads a second apart say so', () => {
  fc.assert(
    fc.property(anyCourse, (course) => {
      let emptySinceMs: number | undefined;
      walk(course, (step, before, event, nowMs) => {
        if (event.type === 'answered') emptySinceMs = event.empty ? (emptySinceMs ?? nowMs) : undefined;
        if (!step.tellSnapshot || event.type !== 'answered' || !event.empty || !before.filled) return;
        expect(before.request.consistent).toBe(true);
        expect(nowMs - emptySinceMs!).toBeGreaterThanOrEqual(1000);
      });
    }),
  );
});

it('holds whatever the registry does: at most a burst and then five requests a second', () => {
  const instant = fc.array(anyEvent, { minLength: 100, maxLength: 100 });
  fc.assert(
    fc.property(instant, (events) => {
      let endMs = 0;
      walk(
        events.map((event) => [0, event] as const),
        (_step, _before, _event, nowMs) => (endMs = nowMs),
      );
      expect(endMs).toBeGreaterThanOrEqual((100 - DEFAULT_WATCH.bucket.burst) * DEFAULT_WATCH.bucket.refillMs - 1);
    }),
  );
});
