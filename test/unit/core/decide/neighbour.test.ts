import fc from 'fast-check';
import {
  NEIGHBOUR_INITIAL,
  nextNeighbour,
  type NeighbourEffect,
  type NeighbourEvent,
  type NeighbourState,
  type Sighting,
} from '../../../../core/decide/neighbour';
import type { RestartPolicy } from '../../../../core/decide/restart';

const POLICY: RestartPolicy = {
  initialDelayMs: 1000,
  maxDelayMs: 4000,
  factor: 2,
  windowMs: 60_000,
  maxAttempts: 3,
  stableAfterMs: 10_000,
  onUnhealthy: true,
  killAfterMs: 3000,
  startTimeoutMs: 30_000,
};
const PROVEN: Sighting = { count: 1, proven: true, knownForMs: 5000 };

/** A machine with a hand-driven clock. */
class Machine {
  state: NeighbourState = NEIGHBOUR_INITIAL;
  nowMs = 0;
  reason = '';

  constructor(private readonly policy = POLICY) {}

  send(event: NeighbourEvent, afterMs = 0): readonly NeighbourEffect[] {
    this.nowMs += afterMs;
    const step = nextNeighbour(this.state, event, this.policy, this.nowMs);
    this.state = step.state;
    this.reason = step.reason;
    return step.effects.filter(({ type }) => type === 'signal');
  }

  ill(afterMs = 0, sighting = PROVEN): readonly NeighbourEffect[] {
    return this.send({ type: 'unhealthy', reason: 'no answer', sighting }, afterMs);
  }

  get phase(): string {
    return this.state.phase.name;
  }
}

const TERM = [{ type: 'signal', signal: 'SIGTERM' }];
const KILL = [{ type: 'signal', signal: 'SIGKILL' }];

describe('the neighbour machine', () => {
  it('asks an ill server to end, kills it when it does not, and leaves the start to others', () => {
    const machine = new Machine();
    expect(machine.ill()).toEqual(TERM);
    expect(machine.reason).toBe('telling the server to end: no answer; SIGKILL follows after 3 s');
    expect(machine.send({ type: 'wake' }, 2999)).toEqual([]);
    expect(machine.send({ type: 'wake' }, 1)).toEqual(KILL);
    expect(machine.send({ type: 'gone' })).toEqual([]);
    expect(machine.reason).toBe('the server was told to end (no answer) and is gone; whoever runs it starts it again');
    expect(machine.phase).toBe('watching');
  });

  it.each<[string, Sighting, string]>([
    [
      'no process',
      { count: 0, proven: false, knownForMs: 0 },
      'there is no server process; whoever runs it starts it again',
    ],
    [
      'several processes',
      { count: 2, proven: false, knownForMs: 0 },
      '2 processes look like the server, so none of them is signalled',
    ],
    [
      'a process that is just starting',
      { count: 1, proven: false, knownForMs: 29_999 },
      'its process is new and has 30 s to pass a probe',
    ],
  ])('signals nobody when it sees %s, and says so', (_what, sighting, reason) => {
    const machine = new Machine();
    expect(machine.ill(0, sighting)).toEqual([]);
    expect(machine.reason).toBe(reason);
    expect(machine.phase).toBe('watching');
  });

  it('ends a new process that never passed a probe in the time it has', () => {
    expect(new Machine().ill(0, { count: 1, proven: false, knownForMs: 30_000 })).toEqual(TERM);
  });

  it('waits longer after each attempt, and gives up loudly when the window is full', () => {
    const machine = new Machine();
    machine.ill();
    machine.send({ type: 'gone' });
    expect(machine.ill(999)).toEqual([]);
    expect(machine.ill(1)).toEqual(TERM);
    machine.send({ type: 'gone' });
    expect(machine.ill(1999)).toEqual([]);
    expect(machine.ill(1)).toEqual(TERM);
    machine.send({ type: 'gone' });
    expect(machine.ill(10_000)).toEqual([]);
    expect(machine.phase).toBe('given-up');
    expect(machine.reason).toBe(
      'given up after 3 restarts within 60 s: no answer; SIGHUP to the agent lets it try again',
    );
    expect(machine.ill(100_000)).toEqual([]);
  });

  it('begins anew after giving up when the server answers, or an operator asks', () => {
    for (const event of [{ type: 'healthy' }, { type: 'reset' }] as const) {
      const machine = new Machine();
      for (let attempt = 0; attempt < 4; attempt++) {
        machine.ill(5000);
        machine.send({ type: 'gone' });
      }
      expect(machine.phase).toBe('given-up');
      machine.send(event);
      expect(machine.ill()).toEqual(TERM);
    }
  });

  it('says when it may not signal the server, and tries again later', () => {
    const machine = new Machine();
    machine.ill();
    machine.send({ type: 'refused', why: 'process 7 may not be signalled: it belongs to another user' });
    expect(machine.reason).toContain('it belongs to another user');
    expect(machine.ill(1000)).toEqual(TERM);
  });

  it('only watches when restarts of ill servers are switched off', () => {
    const machine = new Machine({ ...POLICY, onUnhealthy: false });
    expect(machine.ill()).toEqual([]);
    expect(machine.reason).toBe('');
  });

  it('never signals more than the window allows, and never kills what it did not ask to end first', () => {
    const sighting = fc.record({ count: fc.nat(2), proven: fc.boolean(), knownForMs: fc.nat(60_000) });
    const event = fc.oneof(
      fc.record({ type: fc.constant('unhealthy' as const), reason: fc.constant('no answer'), sighting }),
      fc.constantFrom({ type: 'healthy' as const }, { type: 'gone' as const }, { type: 'wake' as const }),
      fc.constant({ type: 'refused' as const, why: 'no' }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(8000)), { maxLength: 80 }), (events) => {
        const machine = new Machine();
        const signals: string[] = [];
        let asked: number[] = [];
        let most = 0;
        for (const [one, afterMs] of events) {
          const before = machine.phase;
          const sent = machine
            .send(one, afterMs)
            .flatMap((effect) => (effect.type === 'signal' ? [effect.signal] : []));
          signals.push(...sent);
          // The server's own recovery gives a clean sheet.
          if (before === 'given-up' && machine.phase !== before) asked = [];
          if (sent.includes('SIGTERM')) asked.push(machine.nowMs);
          most = Math.max(most, asked.filter((atMs) => machine.nowMs - atMs < POLICY.windowMs).length);
        }
        expect(most).toBeLessThanOrEqual(POLICY.maxAttempts);
        expect(signals.filter((signal, at) => signal === 'SIGKILL' && signals[at - 1] !== 'SIGTERM')).toEqual([]);
      }),
    );
  });
});
