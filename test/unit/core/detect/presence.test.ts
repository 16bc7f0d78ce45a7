import { nextPresence, type Presence, type PresenceStep } from '../../../../core/detect/presence';
import { addSign, firstSignMs, type Signs } from '../../../../core/detect/signs';

function played(...steps: readonly (readonly [fit: boolean, signMs: number | null, nowMs: number])[]): PresenceStep[] {
  const seen: PresenceStep[] = [];
  let presence: Presence | undefined;
  for (const [fit, signMs, nowMs] of steps) {
    const step = nextPresence(presence, fit, signMs, nowMs);
    presence = step.presence;
    seen.push(step);
  }
  return seen;
}

const moves = (steps: readonly PresenceStep[]): readonly unknown[] => steps.map(({ moved }) => moved);

describe('an endpoint', () => {
  it('that was never fit has not left, and does not return', () => {
    expect(moves(played([false, 5, 10], [true, null, 20]))).toEqual([null, null]);
  });

  it('is ejected once, with the time since the first sign', () => {
    const steps = played([true, null, 0], [false, 80, 100], [false, 80, 200]);
    expect(moves(steps)).toEqual([null, { kind: 'ejected', afterMs: 20 }, null]);
    expect(steps.at(-1)?.presence).toEqual({ state: 'out', sinceMs: 80 });
  });

  it('that was lost without a sign before is ejected after 0 ms', () => {
    expect(moves(played([true, null, 0], [false, null, 100]))[1]).toEqual({ kind: 'ejected', afterMs: 0 });
  });

  it('returns once, with the time since it left, however its illness changed meanwhile', () => {
    const steps = played([true, null, 0], [false, 80, 100], [false, 400, 500], [true, null, 1080], [true, null, 1100]);
    expect(moves(steps).slice(2)).toEqual([null, { kind: 'returned', afterMs: 1000 }, null]);
  });
});

describe('signs of illness', () => {
  const after = (...atMs: readonly number[]): Signs | null =>
    atMs.reduce<Signs | null>((signs, at) => addSign(signs, at), null);

  it('count from the first of those that follow each other', () => {
    expect(firstSignMs(after(100, 5000, 12_000), 12_000)).toBe(100);
    expect(firstSignMs(after(100, 90), 100)).toBe(90);
  });

  it('are forgotten when nothing followed', () => {
    expect(firstSignMs(after(100), 20_000)).toBeNull();
    expect(firstSignMs(after(100, 20_000), 20_000)).toBe(20_000);
    expect(firstSignMs(null, 0)).toBeNull();
  });
});
