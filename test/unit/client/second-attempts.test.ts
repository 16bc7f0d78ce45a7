import fc from 'fast-check';
import { NOT_WATCHED, SecondAttempts, type WatchedCall } from '../../../client/second-attempts';
import { VirtualClock } from '../../support/virtual-clock';

class Call implements WatchedCall {
  place = NOT_WATCHED;
  moves = 0;

  constructor(readonly dueMs = 10) {}

  isStuckAt(nowMs: number): boolean {
    return nowMs >= this.dueMs;
  }

  moveOn(): void {
    this.moves += 1;
  }
}

test('whatever the order in which calls come and go, those that are left when they are late are moved on once', () => {
  const comings = fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 40 });
  fc.assert(
    fc.property(comings, (each) => {
      const clock = new VirtualClock(0);
      const attempts = new SecondAttempts(clock, { stoodStill: () => undefined });
      const calls = Array.from({ length: 6 }, () => new Call());
      const watched = new Set<Call>();
      for (const [which, comes] of each) {
        const call = calls[which] ?? new Call();
        if (comes) attempts.watch(call);
        else attempts.forget(call);
        if (comes) watched.add(call);
        else watched.delete(call);
      }
      clock.advance(20);
      expect(calls.map(({ moves }) => moves)).toEqual(calls.map((call) => (watched.has(call) ? 1 : 0)));
    }),
  );
});

test('while calls come back in time, one timer in each delay is all that it takes', () => {
  const clock = new VirtualClock(0);
  const after = jest.spyOn(clock, 'after');
  const attempts = new SecondAttempts(clock, { stoodStill: () => undefined });
  for (let ms = 0; ms < 1_000; ms += 1) {
    const call = new Call(ms + 10);
    attempts.watch(call);
    clock.advance(1);
    attempts.forget(call);
    expect(call.moves).toBe(0);
  }
  expect(after.mock.calls.length).toBeLessThan(120);
});
