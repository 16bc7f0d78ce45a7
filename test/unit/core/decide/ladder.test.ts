import fc from 'fast-check';
import {
  LADDER_INITIAL,
  ladderAfter,
  nextLadder,
  type LadderEvent,
  type LadderPolicy,
  type LadderState,
} from '../../../../core/decide/ladder';
import type { IncidentStep } from '../../../../core/domain/incident';

const POLICY: LadderPolicy = {
  ...{ initialDelayMs: 100, maxDelayMs: 1000, factor: 2, windowMs: 600_000, maxAttempts: 6 },
  ...{ rungs: [2, 1, 1], graceMs: 10_000, stableAfterMs: 15_000 },
};

/** A machine with a hand-driven clock. */
class Machine {
  state: LadderState = LADDER_INITIAL;
  nowMs = 0;
  reason = '';
  readonly acts: string[] = [];

  send(event: LadderEvent, afterMs = 0): this {
    this.nowMs += afterMs;
    const { state, act, reason } = nextLadder(this.state, event, POLICY, this.nowMs, () => 0);
    this.state = state;
    if (reason !== '') this.reason = reason;
    if (act !== undefined) this.acts.push(`rung ${act.rung} attempt ${act.attempt} at ${this.nowMs}`);
    return this;
  }

  ill(afterMs = 0): this {
    return this.send({ type: 'ill', reason: 'no answer' }, afterMs);
  }

  acted(ok = true, afterMs = 0): this {
    return this.send({ type: 'acted', ok, how: ok ? 'done' : 'exit code 3' }, afterMs);
  }
}

describe('the ladder', () => {
  it('acts at the first word, and gives what it did the time to work', () => {
    const machine = new Machine().ill();
    expect(machine.reason).toBe('attempt 1, rung 1 of 3: no answer');
    machine.ill(1000).acted(true, 500);
    expect(machine.reason).toBe('done; the server has 10 s to pass a probe');
    machine.ill(9000);
    expect(machine.acts).toEqual(['rung 0 attempt 1 at 0']);
    machine.ill(1000);
    expect(machine.reason).toBe('no better 10 s after the last action; the next attempt follows in 100 ms');
    machine.ill(100);
    expect(machine.acts).toEqual(['rung 0 attempt 1 at 0', 'rung 0 attempt 2 at 11600']);
  });

  it('does not wait for what failed: the next attempt follows after its delay', () => {
    const machine = new Machine().ill().acted(false, 50);
    expect(machine.reason).toBe('exit code 3; the next attempt follows in 100 ms');
    machine.ill(99).ill(1);
    expect(machine.acts).toHaveLength(2);
  });

  it('climbs when a rung has had its attempts, and stays on the last one', () => {
    const machine = new Machine();
    for (let attempt = 0; attempt < 6; attempt++) machine.ill(2000).acted(false);
    expect(machine.acts.map((act) => act.slice(0, 6))).toEqual([
      'rung 0',
      'rung 0',
      'rung 1',
      'rung 2',
      'rung 2',
      'rung 2',
    ]);
  });

  it('gives up loudly when its attempts are used, and leaves that by itself when the server answers', () => {
    const machine = new Machine();
    for (let attempt = 0; attempt < 8; attempt++) machine.ill(2000).acted(false);
    expect(machine.acts).toHaveLength(6);
    expect(machine.state.phase.name).toBe('given-up');
    expect(machine.reason).toBe(
      'given up after 6 attempts within 600 s: no answer; SIGHUP to the agent lets it try again',
    );
    machine.send({ type: 'healthy' });
    expect(machine.reason).toBe('the server answers again; earlier failures are forgotten');
    machine.ill(1000);
    expect(machine.acts.at(-1)).toMatch(/^rung 0 attempt 1 /);
  });

  it('goes on climbing when the server fell again too soon, and starts at the bottom when it was stable', () => {
    const machine = new Machine();
    machine.ill().acted().ill(10_000).ill(100).acted();
    machine.send({ type: 'healthy' }, 1000).ill(14_999);
    expect(machine.acts.at(-1)).toMatch(/^rung 1 attempt 3 /);
    machine.acted().send({ type: 'healthy' }, 1000).send({ type: 'healthy' }, 1000).ill(15_000);
    expect(machine.acts.at(-1)).toMatch(/^rung 0 attempt 1 /);
  });

  it('forgets the past when an operator says so, but not what is under way', () => {
    const machine = new Machine().ill();
    machine.send({ type: 'reset' }).ill(1000);
    expect(machine.acts).toHaveLength(1);
    machine.acted(false).ill(1000);
    expect(machine.acts.at(-1)).toMatch(/^rung 0 attempt 1 /);
  });

  it('has one action under way at most, and never more than its attempts in any window, whatever happens', () => {
    const anEvent: fc.Arbitrary<LadderEvent> = fc.oneof(
      fc.constant<LadderEvent>({ type: 'ill', reason: 'no answer' }),
      fc.constant<LadderEvent>({ type: 'healthy' }),
      fc.boolean().map((ok): LadderEvent => ({ type: 'acted', ok, how: 'done' })),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(anEvent, fc.nat(20_000)), { maxLength: 200 }), (events) => {
        const machine = new Machine();
        const begun: { readonly atMs: number; readonly fair: boolean }[] = [];
        for (const [event, afterMs] of events) {
          const before = machine.acts.length;
          const busy = machine.state.phase.name === 'acting';
          machine.send(event, afterMs);
          if (machine.acts.length > before) begun.push({ atMs: machine.nowMs, fair: !busy && event.type === 'ill' });
        }
        expect(begun.filter(({ fair }) => !fair)).toEqual([]);
        // A stable server forgets its attempts: only without one is the bound that of the window.
        const forgot = events.some(([{ type }]) => type === 'healthy');
        const inWindow = begun.map(
          ({ atMs }) => begun.filter((other) => other.atMs <= atMs && other.atMs > atMs - POLICY.windowMs).length,
        );
        expect(forgot ? 0 : Math.max(0, ...inWindow)).toBeLessThanOrEqual(POLICY.maxAttempts);
      }),
    );
  });
});

describe('the ladder of an agent that was killed', () => {
  const step = (change: Partial<IncidentStep>): IncidentStep => ({
    ...{ kind: 'note', seq: 1, atUnixMs: 0, afterMs: 0, source: 'ladder', sentence: '' },
    ...change,
  });
  const at = { nowMs: 500, unixMs: 100_000 };

  it('starts anew when nothing was done', () => {
    expect(ladderAfter([step({ kind: 'decided' })], POLICY, at)).toEqual(LADDER_INITIAL);
  });

  it('counts what was done, and waits for what may have been done', () => {
    const steps = [30_000, 95_000].map((atUnixMs) => step({ kind: 'acting', atUnixMs }));
    const state = ladderAfter(steps, POLICY, at);
    expect(state).toMatchObject({ made: 2, actedAtMs: [-69_500, -4500], phase: { name: 'grace', untilMs: 5500 } });
    const next = nextLadder(state, { type: 'ill', reason: 'no answer' }, POLICY, 5499, () => 0);
    expect(next.act).toBeUndefined();
  });

  it('is given up when it was, and not when the server was well since', () => {
    const steps = [step({ kind: 'acting', atUnixMs: 90_000 }), step({ kind: 'given-up' })];
    expect(ladderAfter(steps, POLICY, at).phase.name).toBe('given-up');
    expect(ladderAfter([...steps, step({ kind: 'verified' })], POLICY, at).phase.name).toBe('grace');
  });
});
