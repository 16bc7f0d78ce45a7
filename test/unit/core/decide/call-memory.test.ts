import fc from 'fast-check';
import { formatCallId, parseCallId, type CallId } from '../../../../core/decide/call-id';
import { CallMemory } from '../../../../core/decide/call-memory';

const START_MS = 1_800_000_000_000;
const WINDOW_MS = 10_000;

const idAt = (afterMs: number, name = 'x'): CallId => {
  const text = formatCallId(START_MS + afterMs, name.padEnd(16, '-'));
  return parseCallId(text)!;
};
const memoryOf = (maxEntries: number): CallMemory<string> =>
  new CallMemory<string>({ windowMs: WINDOW_MS, maxEntries, sinceMs: START_MS });

describe('a call id', () => {
  it('begins with the time of the wish', () => {
    expect(parseCallId('1800000000123-abcdefghijklmnop')).toEqual({
      text: '1800000000123-abcdefghijklmnop',
      stampMs: 1_800_000_000_123,
    });
  });

  it.each([
    '',
    'order-12',
    '1800000000123',
    '1800000000123-short',
    '180-abcdefghijklmnop',
    '1800000000123-abcdefghijklmno!',
  ])('is not "%s"', (text) => expect(parseCallId(text)).toBeNull());
});

describe('the memory of calls', () => {
  it('takes an id for new once, and then knows it', () => {
    const memory = memoryOf(10);
    expect(memory.recall(idAt(5), START_MS + 6)).toEqual({ kind: 'new' });
    memory.remember(idAt(5), 'running', START_MS + 6);
    memory.remember(idAt(5), 'answered', START_MS + 7);
    expect(memory.recall(idAt(5), START_MS + 8)).toEqual({ kind: 'known', value: 'answered' });
    expect(memory.size).toBe(1);
  });

  it('takes an id from before its own start for lost', () => {
    expect(memoryOf(10).recall(idAt(-1), START_MS + 5)).toEqual({
      kind: 'lost',
      reason: 'it is 0 s old, and calls that old are forgotten',
    });
  });

  it('forgets after the window, and then takes the id for lost, not for new', () => {
    const memory = memoryOf(10);
    memory.remember(idAt(5), 'answered', START_MS + 5);
    expect(memory.recall(idAt(5), START_MS + WINDOW_MS + 4).kind).toBe('known');
    expect(memory.recall(idAt(5), START_MS + WINDOW_MS + 5).kind).toBe('lost');
    expect(memory.size).toBe(0);
  });

  it('forgets the oldest under pressure, and is not confused by that', () => {
    const memory = memoryOf(2);
    for (const afterMs of [10, 30, 20]) memory.remember(idAt(afterMs), 'answered', START_MS + 40);
    expect([10, 20, 30].map((afterMs) => memory.recall(idAt(afterMs), START_MS + 40).kind)).toEqual([
      'lost',
      'known',
      'known',
    ]);
    expect(memory.recall(idAt(41), START_MS + 41).kind).toBe('new');
    expect(memory.recall(idAt(9), START_MS + 41).kind).toBe('lost');
  });

  it('takes a released id for new again', () => {
    const memory = memoryOf(2);
    memory.remember(idAt(5), 'running', START_MS + 5);
    memory.release(idAt(5));
    memory.release(idAt(5));
    expect(memory.recall(idAt(5), START_MS + 6)).toEqual({ kind: 'new' });
  });

  it('refuses stamps from so far ahead that they could not be forgotten in time', () => {
    expect(memoryOf(2).recall(idAt(WINDOW_MS + 100), START_MS)).toEqual({
      kind: 'lost',
      reason: "its stamp is 10.1 s ahead of this server's clock",
    });
  });

  it('never lets an id be executed twice, and never grows, whatever comes in whatever order', () => {
    const step = fc.record({
      passedMs: fc.integer({ min: -2_000, max: 8_000 }),
      ageMs: fc.integer({ min: -20_000, max: 20_000 }),
      name: fc.constantFrom('a', 'b', 'c'),
      earlier: fc.nat(20),
      again: fc.boolean(),
      release: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, maxEntries) => {
        const memory = memoryOf(maxEntries);
        const executed = new Set<string>();
        const seen: CallId[] = [];
        let nowMs = START_MS;
        for (const { passedMs, ageMs, name, earlier, again, release } of steps) {
          nowMs += passedMs;
          const id = (again ? seen.at(-1 - earlier) : undefined) ?? idAt(nowMs - START_MS - ageMs, name);
          seen.push(id);
          if (memory.recall(id, nowMs).kind !== 'new') continue;
          expect(executed.has(id.text)).toBe(false);
          memory.remember(id, 'running', nowMs);
          if (release) memory.release(id);
          else executed.add(id.text);
          expect(memory.size).toBeLessThanOrEqual(maxEntries);
        }
      }),
    );
  });
});
