import fc from 'fast-check';
import {
  decideTier,
  failbackHoldMs,
  startFailover,
  type Candidate,
  type FailoverOptions,
  type FailoverState,
  type TierDecision,
} from '../../../../core/decide/failover';
import type { Fitness } from '../../../../core/detect/fitness';

const OPTIONS: FailoverOptions = {
  whenNobody: 'failOpen',
  settleMs: 1_000,
  failback: 'auto',
  holdMs: 3_000,
  maxHoldMs: 60_000,
  flapWindowMs: 600_000,
};

const tiers = (...fitness: readonly Fitness[]): readonly Candidate[] =>
  fitness.map((one, tier) => ({ id: `node-${tier}`, tier, fitness: one, reason: `is ${one}` }));

function play(steps: readonly (readonly [number, readonly Candidate[]])[], options = OPTIONS): readonly TierDecision[] {
  let state = startFailover(0);
  return steps.map(([nowMs, candidates]) => {
    const decision = decideTier(state, candidates, nowMs, options);
    state = decision.state;
    return decision;
  });
}

const last = (decisions: readonly TierDecision[]): TierDecision => decisions[decisions.length - 1]!;

describe('choosing the first tier', () => {
  it('waits for a primary that is still connecting, although a backup is ready', () => {
    const decision = last(play([[10, tiers('pending', 'fit')]]));
    expect(decision).toMatchObject({ change: null, level: null, wakeAtMs: 1_000 });
    expect(decision.reason).toContain('waiting for node-0');
  });

  it('takes the backup when the primary did not connect in time', () => {
    const decision = last(
      play([
        [10, tiers('pending', 'fit')],
        [1_000, tiers('pending', 'fit')],
      ]),
    );
    expect(decision.change).toEqual({ kind: 'start', from: null, to: 1 });
  });

  it('takes the primary at once when it is fit, whatever the backups do', () => {
    expect(last(play([[10, tiers('fit', 'pending')]])).change).toEqual({ kind: 'start', from: null, to: 0 });
  });

  it('says that nobody is known when nobody is', () => {
    expect(last(play([[10, []]]))).toMatchObject({ level: null, change: null, reason: 'no instance is known' });
  });
});

describe('failing over', () => {
  it('leaves a dead primary at once and says why', () => {
    const decision = last(
      play([
        [0, tiers('fit', 'fit')],
        [5_000, tiers('unfit', 'fit')],
      ]),
    );
    expect(decision.change).toEqual({ kind: 'failover', from: 0, to: 1 });
    expect(decision.reason).toBe('tier 0 cannot answer: node-0: is unfit');
  });

  it('stays while one instance of the tier still answers', () => {
    const pair = (first: Fitness): readonly Candidate[] => [
      { id: 'a', tier: 0, fitness: first, reason: '' },
      { id: 'b', tier: 0, fitness: 'fit', reason: '' },
      { id: 'c', tier: 1, fitness: 'fit', reason: '' },
    ];
    expect(
      last(
        play([
          [0, pair('fit')],
          [1, pair('unfit')],
        ]),
      ).change,
    ).toBeNull();
  });

  it('prefers a fit backup to a primary of last resort, and takes the last resort when nobody is fit', () => {
    expect(last(play([[0, tiers('last-resort', 'fit')]])).state.activeTier).toBe(1);
    expect(last(play([[0, tiers('unfit', 'last-resort')]]))).toMatchObject({
      level: 'last-resort',
      state: { activeTier: 1 },
    });
  });

  it('tries whoever is connected when nobody is better, the less ill first', () => {
    expect(last(play([[0, tiers('desperate', 'last-resort')]])).state.activeTier).toBe(1);
    expect(last(play([[0, tiers('unfit', 'desperate')]]))).toMatchObject({
      level: 'desperate',
      state: { activeTier: 1 },
    });
  });

  it('gives calls to nobody but the fit where it shall fail closed', () => {
    const closed = { ...OPTIONS, whenNobody: 'failClosed' } as const;
    expect(last(play([[0, tiers('last-resort', 'fit')]], closed)).state.activeTier).toBe(1);
    const decision = last(play([[0, tiers('last-resort', 'desperate')]], closed));
    expect(decision).toMatchObject({ level: null, change: null });
    expect(decision.reason).toMatch(/node-0.*node-1/);
  });

  it('names every endpoint when nobody can answer, and remembers the tier', () => {
    const decision = last(
      play([
        [0, tiers('fit', 'fit')],
        [1, tiers('unfit', 'unfit')],
      ]),
    );
    expect(decision).toMatchObject({ level: null, change: null, state: { activeTier: 0 } });
    expect(decision.reason).toMatch(/node-0.*node-1/);
  });
});

describe('failing back', () => {
  const away = [
    [0, tiers('fit', 'fit')],
    [100, tiers('unfit', 'fit')],
  ] as const;

  it('holds a returned primary down, then goes back', () => {
    const decisions = play([
      ...away,
      [200, tiers('fit', 'fit')],
      [3_199, tiers('fit', 'fit')],
      [3_200, tiers('fit', 'fit')],
    ]);
    expect(decisions[2]).toMatchObject({ change: null, wakeAtMs: 3_200 });
    expect(decisions[3]!.change).toBeNull();
    expect(decisions[4]!.change).toEqual({ kind: 'failback', from: 1, to: 0 });
  });

  it('starts the hold anew when the primary falls ill during it', () => {
    const decisions = play([
      ...away,
      [200, tiers('fit', 'fit')],
      [3_000, tiers('unfit', 'fit')],
      [3_100, tiers('fit', 'fit')],
      [3_300, tiers('fit', 'fit')],
    ]);
    expect(last(decisions)).toMatchObject({ change: null, wakeAtMs: 6_100 });
  });

  it('does not wait out the hold when the backup dies', () => {
    expect(last(play([...away, [200, tiers('fit', 'fit')], [210, tiers('fit', 'unfit')]])).change).toEqual({
      kind: 'failback',
      from: 1,
      to: 0,
    });
  });

  it('says which tier may keep a part of the calls for a while: one that answers, and is left of our own will', () => {
    const decisions = play([
      ...away,
      [200, tiers('fit', 'fit')],
      [3_200, tiers('fit', 'fit')],
      [3_300, tiers('fit', 'fit')],
      [3_400, tiers('unfit', 'fit')],
    ]);
    const leaving = { tier: 1, sinceMs: 3_200 };
    expect(decisions.map(({ state }) => state.leaving)).toEqual([null, null, null, leaving, leaving, null]);
    const died = play([...away, [200, tiers('fit', 'fit')], [210, tiers('fit', 'unfit')]]);
    expect(last(died).state.leaving).toBeNull();
  });

  it('stays on the backup when failback is manual', () => {
    const decision = last(
      play([...away, [200, tiers('fit', 'fit')], [900_000, tiers('fit', 'fit')]], { ...OPTIONS, failback: 'manual' }),
    );
    expect(decision).toMatchObject({ change: null, wakeAtMs: null, state: { activeTier: 1 } });
  });

  it('doubles the hold with each failover in the window, up to its bound', () => {
    expect([0, 1, 2, 3, 4, 50].map((count) => failbackHoldMs(count, OPTIONS))).toEqual([
      3_000, 3_000, 6_000, 12_000, 24_000, 60_000,
    ]);
  });
});

describe('whatever happens', () => {
  const fitness = fc.constantFrom<Fitness>('fit', 'pending', 'last-resort', 'desperate', 'unfit');
  const steps = fc.array(fc.tuple(fc.nat(5_000), fc.tuple(fitness, fitness, fitness)), { minLength: 1, maxLength: 60 });

  function run(schedule: readonly (readonly [number, readonly Fitness[]])[], check: (step: Step) => void): void {
    let state: FailoverState = startFailover(0);
    let nowMs = 0;
    for (const [waitMs, all] of schedule) {
      nowMs += waitMs;
      const candidates = tiers(...all);
      const decision = decideTier(state, candidates, nowMs, OPTIONS);
      check({ before: state, decision, candidates, nowMs });
      state = decision.state;
    }
  }

  interface Step {
    readonly before: FailoverState;
    readonly decision: TierDecision;
    readonly candidates: readonly Candidate[];
    readonly nowMs: number;
  }

  it('gives no call to a tier that cannot answer while another can', () => {
    fc.assert(
      fc.property(steps, (schedule) =>
        run(schedule, ({ decision, candidates, nowMs }) => {
          const anyFit = candidates.some((one) => one.fitness === 'fit');
          const settling = decision.state.activeTier === null && nowMs < OPTIONS.settleMs;
          if (!anyFit || settling) return;
          expect(decision.level).toBe('fit');
          expect(candidates.some((one) => one.tier === decision.state.activeTier && one.fitness === 'fit')).toBe(true);
        }),
      ),
    );
  });

  it('leaves a tier that answers only for a better one, and only after the hold', () => {
    fc.assert(
      fc.property(steps, (schedule) =>
        run(schedule, ({ before, decision, candidates, nowMs }) => {
          const { change } = decision;
          const wouldStay = candidates.some((one) => one.tier === change?.from && one.fitness === decision.level);
          const from = change?.from ?? null;
          if (change === null || from === null || !wouldStay) return;
          expect(change.to).toBeLessThan(from);
          expect(before.returning?.tier).toBe(change.to);
          expect(nowMs - before.returning!.sinceMs).toBeGreaterThanOrEqual(OPTIONS.holdMs);
        }),
      ),
    );
  });

  it('changes nothing on a second look at the same moment, and always has a reason', () => {
    fc.assert(
      fc.property(steps, (schedule) =>
        run(schedule, ({ decision, candidates, nowMs }) => {
          expect(decideTier(decision.state, candidates, nowMs, OPTIONS).change).toBeNull();
          expect(decision.reason).not.toBe('');
          expect(decision.wakeAtMs ?? Infinity).toBeGreaterThan(nowMs);
        }),
      ),
    );
  });
});

describe('an order of an operator', () => {
  const led = (fitness: Fitness): readonly Candidate[] => [
    ...tiers('fit'),
    { id: 'led', tier: -1, fitness, reason: `is ${fitness}` },
  ];
  const ordered: FailoverState = { ...startFailover(0), activeTier: 0, ordered: 'failover' };
  const manual: FailoverOptions = { ...OPTIONS, failback: 'manual' };

  it('is carried out at once, and is no failover that lengthens a hold', () => {
    const { change, state } = decideTier(ordered, led('fit'), 10, manual);
    expect(change).toEqual({ kind: 'failover', from: 0, to: -1 });
    expect(state).toMatchObject({ failoversMs: [], ordered: null });
  });

  it('waits for a leader that still connects, while the others serve', () => {
    const { change, state } = decideTier(ordered, led('pending'), 10, manual);
    expect(change).toBeNull();
    expect(decideTier(state, led('fit'), 20, manual).change?.to).toBe(-1);
  });

  it('is forgotten when its leader cannot serve', () => {
    const { state } = decideTier(ordered, led('unfit'), 10, manual);
    expect(decideTier(state, led('fit'), 20, manual).change).toBeNull();
  });

  it('to fail back needs no hold', () => {
    const away: FailoverState = { ...startFailover(0), activeTier: 1, ordered: 'failback' };
    expect(decideTier(away, tiers('fit', 'fit'), 10, manual).change).toEqual({ kind: 'failback', from: 1, to: 0 });
  });
});
