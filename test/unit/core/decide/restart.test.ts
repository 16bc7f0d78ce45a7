import fc from 'fast-check';
import { longestAttemptsMs } from '../../../../core/decide/attempts';
import {
  nextRestart,
  RESTART_INITIAL,
  type RestartEffect,
  type RestartEvent,
  type RestartPolicy,
  type RestartState,
} from '../../../../core/decide/restart';

const POLICY: RestartPolicy = {
  initialDelayMs: 100,
  maxDelayMs: 1000,
  factor: 2,
  windowMs: 60_000,
  maxAttempts: 5,
  stableAfterMs: 10_000,
  onUnhealthy: true,
  killAfterMs: 3000,
  startTimeoutMs: 30_000,
};

/** A machine with a hand-driven clock. */
class Machine {
  state: RestartState = RESTART_INITIAL;
  nowMs = 0;
  reason = '';

  constructor(private readonly random = 0) {}

  send(event: RestartEvent, afterMs = 0): readonly RestartEffect[] {
    this.nowMs += afterMs;
    const step = nextRestart(this.state, event, POLICY, this.nowMs, () => this.random);
    this.state = step.state;
    this.reason = step.reason;
    return step.effects.filter(({ type }) => type !== 'wake-at');
  }

  crash(afterMs: number): number | undefined {
    this.send({ type: 'exited', how: 'exit code 1' }, afterMs);
    const { phase } = this.state;
    if (phase.name !== 'waiting') return undefined;
    const delay = phase.untilMs - this.nowMs;
    this.send({ type: 'wake' }, delay);
    return delay;
  }
}

const SPAWN = [{ type: 'spawn' }];

describe('the restart machine', () => {
  it('starts nothing beside a server of an earlier run, and gives it the time of a new one', () => {
    const machine = new Machine();
    expect(machine.send({ type: 'taken-up' })).toEqual([]);
    expect(machine.reason).toBe('an earlier run of this agent started the server; taking it up');
    expect(machine.send({ type: 'start' })).toEqual([]);
    expect(machine.send({ type: 'wake' }, POLICY.startTimeoutMs)).toEqual([{ type: 'signal', signal: 'SIGTERM' }]);
    expect(machine.send({ type: 'taken-up' })).toEqual([]);
  });

  it('waits longer after each unstable end, up to the longest delay, and then gives up loudly', () => {
    const machine = new Machine();
    expect(machine.send({ type: 'start' })).toEqual(SPAWN);
    expect([1, 1, 1, 1, 1].map((ms) => machine.crash(ms))).toEqual([100, 200, 400, 800, 1000]);
    expect(machine.crash(1)).toBeUndefined();
    expect(machine.state.phase.name).toBe('given-up');
    expect(machine.reason).toBe(
      'given up after 5 restarts within 60 s: server ended: exit code 1; SIGHUP to the agent starts it again',
    );
  });

  it('draws at most half of a delay at random', () => {
    const machine = new Machine(0.999);
    machine.send({ type: 'start' });
    expect(machine.crash(1)).toBeCloseTo(50, 0);
  });

  it('starts a server again at once when it ran stably, and forgets the earlier delays', () => {
    const machine = new Machine();
    machine.send({ type: 'start' });
    machine.crash(1);
    machine.crash(1);
    machine.send({ type: 'healthy' });
    expect(machine.send({ type: 'exited', how: 'signal SIGKILL' }, 10_000)).toEqual(SPAWN);
    expect(machine.reason).toBe('server ended: signal SIGKILL; starting it again at once');
    expect(machine.crash(1)).toBe(100);
  });

  it('does not call a server stable that never passed a probe', () => {
    const machine = new Machine();
    machine.send({ type: 'start' });
    expect(machine.send({ type: 'exited', how: 'exit code 0' }, 20_000)).toEqual([]);
    expect(machine.state.phase.name).toBe('waiting');
  });

  it('sends SIGTERM to an ill server, SIGKILL when that does not help, and starts a new one only after the end', () => {
    const machine = new Machine();
    machine.send({ type: 'start' });
    expect(machine.send({ type: 'unhealthy', reason: 'no answer' })).toEqual([{ type: 'signal', signal: 'SIGTERM' }]);
    expect(machine.send({ type: 'unhealthy', reason: 'no answer' })).toEqual([]);
    expect(machine.send({ type: 'wake' }, 2999)).toEqual([]);
    expect(machine.send({ type: 'wake' }, 1)).toEqual([{ type: 'signal', signal: 'SIGKILL' }]);
    expect(machine.crash(1)).toBe(100);
    expect(machine.state.phase.name).toBe('running');
  });

  it('treats a server that passes no probe after its start as ill', () => {
    const machine = new Machine();
    machine.send({ type: 'start' });
    expect(machine.send({ type: 'wake' }, 29_999)).toEqual([]);
    expect(machine.send({ type: 'wake' }, 1)).toEqual([{ type: 'signal', signal: 'SIGTERM' }]);
    expect(machine.reason).toContain('no probe passed within 30 s of its start');
  });

  it('gives a server its time to start anew while it is excused', () => {
    const machine = new Machine();
    machine.send({ type: 'start' });
    machine.send({ type: 'excused' }, 29_000);
    expect(machine.send({ type: 'wake' }, 29_999)).toEqual([]);
    expect(machine.send({ type: 'wake' }, 1)).toEqual([{ type: 'signal', signal: 'SIGTERM' }]);
    expect(machine.send({ type: 'excused' })).toEqual([]);
  });

  it.each(['reset', 'healthy'] as const)('leaves "given up" on %s', (type) => {
    const machine = new Machine();
    machine.send({ type: 'start' });
    while (machine.state.phase.name !== 'given-up') machine.crash(1);
    expect(machine.send({ type })).toEqual(type === 'reset' ? SPAWN : []);
    expect(machine.state.phase.name).toBe(type === 'reset' ? 'running' : 'idle');
    expect(machine.state.restartsAtMs).toEqual([]);
  });

  it('starts a server of its own when the one that it did not start fails', () => {
    const machine = new Machine();
    machine.send({ type: 'start' });
    while (machine.state.phase.name !== 'given-up') machine.crash(1);
    machine.send({ type: 'healthy' });
    expect(machine.send({ type: 'unhealthy', reason: 'refused' })).toEqual(SPAWN);
  });

  it('drains: SIGTERM, SIGKILL after the timeout, and nothing is started afterwards', () => {
    const machine = new Machine();
    machine.send({ type: 'start' });
    expect(machine.send({ type: 'drain', timeoutMs: 500 })).toEqual([{ type: 'signal', signal: 'SIGTERM' }]);
    expect(machine.send({ type: 'wake' }, 500)).toEqual([{ type: 'signal', signal: 'SIGKILL' }]);
    expect(machine.send({ type: 'exited', how: 'signal SIGKILL' })).toEqual([]);
    expect(machine.state.phase.name).toBe('ended');
    expect(machine.send({ type: 'reset' })).toEqual([]);
    expect(machine.send({ type: 'start' })).toEqual([]);
  });

  it('adds up the longest waits of one window', () => {
    expect(longestAttemptsMs(POLICY)).toBe(100 + 200 + 400 + 800 + 1000);
  });
});

const event: fc.Arbitrary<RestartEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<RestartEvent>({ type: 'exited', how: 'exit code 1' }) },
  { weight: 6, arbitrary: fc.constant<RestartEvent>({ type: 'wake' }) },
  { weight: 3, arbitrary: fc.constant<RestartEvent>({ type: 'healthy' }) },
  { weight: 3, arbitrary: fc.constant<RestartEvent>({ type: 'unhealthy', reason: 'no answer' }) },
  { weight: 2, arbitrary: fc.constant<RestartEvent>({ type: 'excused' }) },
  { weight: 1, arbitrary: fc.constant<RestartEvent>({ type: 'start' }) },
  { weight: 1, arbitrary: fc.constant<RestartEvent>({ type: 'drain', timeoutMs: 500 }) },
);
const schedule = fc.array(fc.record({ event, afterMs: fc.integer({ min: 0, max: 15_000 }) }), { maxLength: 80 });

describe('whatever happens, the restart machine', () => {
  it('never asks for a second process while one lives, and never signals one that does not', () => {
    fc.assert(
      fc.property(schedule, (steps) => {
        const machine = new Machine(0.5);
        const spawnedBesideAnother: unknown[] = [];
        const signalledNobody: unknown[] = [];
        let alive = false;
        for (const { event: given, afterMs } of [{ event: { type: 'start' } as const, afterMs: 0 }, ...steps]) {
          if (given.type === 'exited' && !alive) continue;
          if (given.type === 'exited') alive = false;
          for (const effect of machine.send(given, afterMs)) {
            if (effect.type === 'signal' && !alive) signalledNobody.push(given);
            if (effect.type === 'spawn' && alive) spawnedBesideAnother.push(given);
            if (effect.type === 'spawn') alive = true;
          }
        }
        expect({ spawnedBesideAnother, signalledNobody }).toEqual({ spawnedBesideAnother: [], signalledNobody: [] });
      }),
    );
  });

  it('never restarts more often in a window than it may', () => {
    fc.assert(
      fc.property(schedule, (steps) => {
        const machine = new Machine(0.5);
        const spawnsAtMs: number[] = [];
        for (const { event: given, afterMs } of [{ event: { type: 'start' } as const, afterMs: 0 }, ...steps]) {
          if (machine.send(given, afterMs).some(({ type }) => type === 'spawn')) spawnsAtMs.push(machine.nowMs);
          // What an operator or a foreign server ends starts a new count.
          if (machine.state.phase.name === 'idle') spawnsAtMs.splice(0);
          const recent = spawnsAtMs.slice(1).filter((atMs) => machine.nowMs - atMs < POLICY.windowMs);
          expect(recent.length).toBeLessThanOrEqual(POLICY.maxAttempts);
        }
      }),
    );
  });

  it('always has a way on: it runs, it waits for a wake-up that it asked for, or it says that it gave up', () => {
    fc.assert(
      fc.property(schedule, (steps) => {
        let state = nextRestart(RESTART_INITIAL, { type: 'start' }, POLICY, 0, () => 0.5).state;
        let nowMs = 0;
        const stuck: unknown[] = [];
        for (const { event: given, afterMs } of steps) {
          nowMs += afterMs;
          const { state: next, effects, reason } = nextRestart(state, given, POLICY, nowMs, () => 0.5);
          const entered = next.phase.name !== state.phase.name;
          const wakes = effects.some((effect) => effect.type === 'wake-at');
          if (entered && next.phase.name === 'waiting' && !wakes) stuck.push(given);
          if (entered && next.phase.name === 'given-up' && !reason.includes('given up')) stuck.push(given);
          state = next;
        }
        expect(stuck).toEqual([]);
      }),
    );
  });
});

describe('a restart that an operator asked for', () => {
  it('stops the server and starts it again at once, and counts towards no bound', () => {
    const machine = new Machine();
    machine.send({ type: 'start' });
    for (let time = 0; time < 10; time += 1) {
      const stop = machine.send({ type: 'restart', reason: 'new settings' }, 100);
      expect(stop).toEqual([{ type: 'signal', signal: 'SIGTERM' }]);
      expect(machine.send({ type: 'exited', how: 'signal SIGTERM' }, 10)).toEqual([{ type: 'spawn' }]);
    }
  });

  it('starts a server that was given up', () => {
    const machine = new Machine();
    machine.state = { ...RESTART_INITIAL, phase: { name: 'given-up' } };
    expect(machine.send({ type: 'restart', reason: 'it is mended' })).toEqual([{ type: 'spawn' }]);
  });
});
