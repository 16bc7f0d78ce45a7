import { guardianDuty, readGuardianMark, type GuardianMark } from '../../../../core/decide/guardian';
import type { CatalogEntry } from '../../../../core/domain/instance';
import { instance } from '../../../support/registrations';

const LOST: CatalogEntry = {
  ...instance('calculator', { epoch: 7 }),
  health: 'critical',
  reason: 'TTL expired',
  lost: true,
};
const mark = (change: Partial<GuardianMark> = {}): GuardianMark => ({
  ...{ epoch: 7, fence: '10', done: 1, agent: 'agent-b' },
  ...change,
});

it('begins with the first action when nobody did anything for this incarnation', () => {
  expect(guardianDuty(LOST, 7, undefined, 2, 11n)).toEqual({ from: 0, reason: 'its agent is gone: TTL expired' });
  expect(guardianDuty(LOST, 7, mark({ epoch: 6, done: 2 }), 2, 11n).from).toBe(0);
});

it('goes on where a holder before it was cut off, and does nothing twice', () => {
  expect(guardianDuty(LOST, 7, mark(), 2, 11n).from).toBe(1);
  expect(guardianDuty(LOST, 7, mark({ done: 2 }), 2, 11n)).toEqual({ from: null, reason: 'agent-b has done it' });
});

it('does nothing when it is too late itself, or when there is nothing to guard any more', () => {
  expect(guardianDuty(LOST, 7, mark({ fence: '12' }), 2, 11n).from).toBeNull();
  expect(guardianDuty(undefined, 7, undefined, 2, 11n).from).toBeNull();
  expect(
    guardianDuty({ ...instance('calculator'), health: 'critical', reason: 'ill' }, 7, undefined, 2, 11n).from,
  ).toBeNull();
  expect(guardianDuty({ ...LOST, epoch: 8 }, 7, undefined, 2, 11n).from).toBeNull();
});

it('reads the mark that it writes, and takes what it cannot read as none', () => {
  expect(readGuardianMark(JSON.stringify(mark()))).toEqual(mark());
  for (const text of [null, '', '{}', '[]', 'null', '{"epoch":7,"fence":"x","done":0,"agent":"a"}'])
    expect(readGuardianMark(text)).toBeUndefined();
});
