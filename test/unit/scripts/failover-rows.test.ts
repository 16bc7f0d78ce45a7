import { failoverRows, peerRows, type RunOf } from '../../../scripts/bench/failover-rows';
import { peerCells, PEER_FIGURES } from '../../../scripts/bench/tables';

const RUN: RunOf = {
  caller: 'Understudy',
  fault: 'kill -9',
  gapMs: 40,
  noticedMs: 20,
  pauseMs: 40,
  heldMs: 0,
  safeLost: 0,
  unsafeFailed: 2,
  executedTwice: 0,
  steadyAttemptsPerCall: 1,
  attemptsPerCall: 1,
  p99Ratio: 1,
};

describe('the rows of the failover bench', () => {
  it('give the median and the worst run, and count the runs without a good answer apart', () => {
    const gaps = [30, null, 50, 1_000];
    const [row, ...others] = failoverRows(gaps.map((gapMs) => ({ ...RUN, gapMs })));
    expect(others).toEqual([]);
    expect(row).toMatchObject({ fault: 'kill -9', runs: 4, never: 1, gapMs: { median: 50, max: 1_000 } });
  });

  it('say never when no run saw a good answer', () => {
    expect(failoverRows([{ ...RUN, gapMs: null, noticedMs: null }])).toMatchObject([
      { gapMs: null, never: 1, noticedMs: null },
    ]);
  });

  it('count the way back from the same moment for all, though one of them holds it up', () => {
    const runs: RunOf[] = [
      { ...RUN, fault: 'failback', gapMs: 10, heldMs: 3_000 },
      { ...RUN, fault: 'failback', caller: 'nginx', gapMs: 9_000 },
    ];
    expect(failoverRows(runs)).toMatchObject([{ gapMs: { median: 10 } }]);
    expect(peerRows(runs)).toMatchObject([
      { caller: 'Understudy', gapMs: { median: 3_010 } },
      { caller: 'nginx', gapMs: { median: 9_000 } },
    ]);
  });

  it('stand side by side with what is not installed', () => {
    const circumstances = { command: '', date: '', node: '', cpu: '', cores: 1, loadBefore: 0, consul: '' };
    const rows = peerRows([
      { ...RUN, caller: 'naive loop', executedTwice: 3 },
      { ...RUN, caller: 'naive loop', executedTwice: 1 },
      RUN,
    ]);
    const result = { ...circumstances, calmMs: 1, watchMs: 2, absent: ['nginx' as const], rows };
    const twice = PEER_FIGURES.find(([title]) => title.includes('twice'))?.[1];
    expect(peerCells(result, twice ?? (() => 'nothing'))).toEqual({
      head: ['caller', 'kill -9'],
      body: [
        ['Understudy', '0 (0)'],
        ['naive loop', '2 (3)'],
        ['nginx', 'absent'],
      ],
    });
  });
});
