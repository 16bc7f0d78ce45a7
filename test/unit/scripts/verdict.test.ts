import { verdictOf, type Evidence } from '../../../scripts/quickstart/verdict';

const WELL: Evidence = {
  report: {
    calls: 1_000,
    add: { calls: 750, ok: 750, failed: 0 },
    memoryAdd: { calls: 250, ok: 249, failed: 1 },
    wrongAnswers: 0,
    latencyMs: { p50: 1, p99: 2, max: 3 },
  },
  lostCalls: [],
  executed: ['a', 'b', 'c'],
  acknowledged: ['a', 'b'],
  moments: { fault: 1_000, failover: 1_005, critical: 1_012, passing: 1_600, failback: 4_600 },
  failoverGapMs: 9,
  failbackGapMs: 5,
};

describe('the verdict on a run', () => {
  it('is good when every safe call was answered and every MemoryAdd executed at most once', () => {
    expect(verdictOf(WELL)).toEqual({
      calls: 1_000,
      lostCalls: 0,
      duplicatedCalls: 0,
      acknowledgedButLost: 0,
      unsafeFailed: 1,
      wrongAnswers: 0,
      failoverGapMs: 9,
      detectMs: 5,
      criticalMs: 12,
      restartMs: 600,
      failbackMs: 3_000,
      failbackGapMs: 5,
      ok: true,
      faults: [],
    });
  });

  it.each<[string, Partial<Evidence>]>([
    [
      '1 safe calls were lost; 1 x add UNAVAILABLE: no way; 7 to 7 ms after the fault',
      {
        report: { ...WELL.report, add: { calls: 750, ok: 749, failed: 1 } },
        lostCalls: ['1 x add UNAVAILABLE: no way', '7 to 7 ms after the fault'],
      },
    ],
    ['1 MemoryAdds were executed twice', { executed: ['a', 'b', 'a'] }],
    ['1 acknowledged MemoryAdds are in no ledger', { acknowledged: ['a', 'x'] }],
    ['2 answers were wrong', { report: { ...WELL.report, wrongAnswers: 2 } }],
    ['no call was made', { report: { ...WELL.report, calls: 0 } }],
    ['the client never failed over', { moments: { ...WELL.moments, failover: null } }],
    ['the primary never came back', { moments: { ...WELL.moments, passing: null } }],
    ['the client never failed back', { moments: { ...WELL.moments, failback: null } }],
  ])('is bad, and says so, when %s', (fault, change) => {
    expect(verdictOf({ ...WELL, ...change })).toMatchObject({ ok: false, faults: [fault] });
  });
});
