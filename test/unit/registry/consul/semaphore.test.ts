import fc from 'fast-check';
import { documentWithout, judgeSlot, readSemaphore } from '../../../../registry/consul/semaphore';

const key = 'understudy/restart/calculator';

function items(holders: Record<string, string>, contenders: readonly string[], limit = 1): readonly object[] {
  const value = Buffer.from(JSON.stringify({ limit, holders })).toString('base64');
  return [
    { Key: `${key}/.lock`, Value: value, ModifyIndex: 7 },
    ...contenders.map((id) => ({ Key: `${key}/${id}`, Session: id, ModifyIndex: 5 })),
  ];
}

it('admits the first contender when nothing is written yet', () => {
  const view = readSemaphore([{ Key: `${key}/s1`, Session: 's1' }], key);
  expect(view.version).toBe(0);
  expect(judgeSlot(view, 's1', 'agent-a', 1)).toEqual({
    admitted: true,
    document: '{"limit":1,"holders":{"s1":"agent-a"}}',
    reason: '0 of 1 slots are held by others',
  });
});

it('turns away when all slots are held, and names the holders', () => {
  const view = readSemaphore(items({ s1: 'agent-a' }, ['s1', 's2']), key);
  expect(judgeSlot(view, 's2', 'agent-b', 1)).toMatchObject({
    admitted: false,
    reason: 'all 1 slots are held by agent-a',
  });
});

it('takes over from a holder whose session is gone', () => {
  const view = readSemaphore(items({ dead: 'agent-a' }, ['s2']), key);
  expect(judgeSlot(view, 's2', 'agent-b', 1)).toMatchObject({
    admitted: true,
    document: '{"limit":1,"holders":{"s2":"agent-b"}}',
  });
});

it('does not take a key for a live contender whose session was released', () => {
  const view = readSemaphore([...items({ s1: 'agent-a' }, []), { Key: `${key}/s1` }], key);
  expect(judgeSlot(view, 's2', 'agent-b', 1).admitted).toBe(true);
});

it('lets the stricter of two settings count while slots are held', () => {
  const view = readSemaphore(items({ s1: 'agent-a' }, ['s1', 's2'], 1), key);
  expect(judgeSlot(view, 's2', 'agent-b', 5).admitted).toBe(false);
});

it('starts anew over a document that somebody spoilt', () => {
  const spoilt = [{ Key: `${key}/.lock`, Value: Buffer.from('not json').toString('base64'), ModifyIndex: 9 }];
  expect(judgeSlot(readSemaphore(spoilt, key), 's1', 'agent-a', 1).admitted).toBe(true);
});

it('strikes out who gives back', () => {
  const view = readSemaphore(items({ s1: 'agent-a', s2: 'agent-b' }, ['s1', 's2'], 2), key);
  expect(documentWithout(view, 's1')).toBe('{"limit":2,"holders":{"s2":"agent-b"}}');
});

it('never admits more live holders than slots, whoever comes and dies', () => {
  const sessions = ['s1', 's2', 's3', 's4', 's5'];
  const steps = fc.array(fc.tuple(fc.constantFrom(...sessions), fc.constantFrom('try', 'die', 'come')), {
    maxLength: 50,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 3 }), (course, slots) => {
      const live = new Set<string>();
      let holders: Record<string, string> = {};
      for (const [session, what] of course) {
        if (what === 'come') live.add(session);
        if (what === 'die') live.delete(session);
        if (what !== 'try' || !live.has(session)) continue;
        const slot = judgeSlot(readSemaphore(items(holders, [...live], slots), key), session, session, slots);
        if (slot.admitted) ({ holders } = JSON.parse(slot.document) as { holders: Record<string, string> });
        expect(Object.keys(holders).filter((id) => live.has(id)).length).toBeLessThanOrEqual(slots);
      }
    }),
  );
});
