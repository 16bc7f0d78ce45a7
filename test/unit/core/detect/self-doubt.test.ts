import { doubtSince, onPulse, type Pulse } from '../../../../core/detect/self-doubt';

const START: Pulse = { dueMs: 100, lapses: [] };

describe('self-doubt', () => {
  it('finds no doubt while its own timer fires in time', () => {
    const pulse = onPulse(onPulse(START, 103, 100), 205, 100);
    expect(doubtSince(pulse, 0, 210, 250)).toMatchObject({ doubtful: false, lateMs: 0 });
  });

  it('doubts a time in which its own timer fired late, and says how late', () => {
    const pulse = onPulse(START, 912, 100);
    expect(doubtSince(pulse, 50, 920, 250)).toEqual({
      doubtful: true,
      lateMs: 812,
      reason: 'the agent itself stood still for 812 ms meanwhile',
    });
  });

  it('doubts while its timer is overdue, before that has fired', () => {
    expect(doubtSince(START, 50, 900, 250)).toMatchObject({ doubtful: true, lateMs: 800 });
  });

  it('forgets a lapse that ended before the time in question', () => {
    const pulse = onPulse(START, 912, 100);
    expect(doubtSince(pulse, 913, 950, 250).doubtful).toBe(false);
  });
});
