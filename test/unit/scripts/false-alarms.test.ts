import type { CatalogEntry } from '../../../core/domain/instance';
import { BeatTally, CatalogTally, falseAlarmsOf, type Observed } from '../../../scripts/soak/false-alarms';

const CALM: Observed = {
  ...{ id: 'a', probes: 600, failedProbes: 2, spared: 1, warnings: 1, criticals: 0, missing: 0 },
  ...{ restarts: 0, incidents: 0, beats: 630, longestBeatGapMs: 1_200 },
};

const entry = (id: string, health: CatalogEntry['health']): CatalogEntry => ({
  ...{ id, health, service: 'calculator', address: '127.0.0.1', port: 1, tier: 0, weight: 1, epoch: 1, owner: 'agent' },
  ...{ tags: [], meta: {}, reason: `it says ${health}` },
});

describe('the judge of a soak in which nothing may happen', () => {
  it('finds nothing where probes failed now and then and no alarm was given', () => {
    expect(falseAlarmsOf([CALM, { ...CALM, id: 'b' }])).toEqual([]);
  });

  it.each<[string, Partial<Observed>]>([
    ['b: not passing in the catalog 1 times', { criticals: 1 }],
    ['b: missing from the catalog 2 times', { missing: 2 }],
    ['b: restarted 1 times', { restarts: 1 }],
    ['b: accused by an incident 3 times', { incidents: 3 }],
    ['b: nobody probed it', { probes: 0 }],
    ['b: nobody beat for it', { beats: 0 }],
  ])('says "%s"', (fault, seen) => {
    expect(falseAlarmsOf([CALM, { ...CALM, id: 'b', ...seen }])).toEqual([fault]);
  });
});

describe('what the catalog turned to', () => {
  it('is counted once for each turn, with the reason that the catalog gives', () => {
    const tally = new CatalogTally(['a', 'b']);
    expect(tally.take({ instances: [entry('a', 'passing'), entry('b', 'passing')] })).toEqual([]);
    const ill = { instances: [entry('a', 'warning'), entry('b', 'critical')] };
    expect(tally.take(ill)).toEqual(['a is warning: it says warning', 'b is critical: it says critical']);
    expect(tally.take(ill)).toEqual([]);
    expect(tally.take({ instances: [entry('a', 'passing'), entry('b', 'passing')] })).toHaveLength(2);
    tally.take({ instances: [entry('b', 'maintenance')] });
    expect(tally.of('a')).toEqual({ warnings: 1, criticals: 0, missing: 1 });
    expect(tally.of('b')).toEqual({ warnings: 0, criticals: 2, missing: 0 });
    expect(tally.now('a')).toBe('missing');
  });

  it('holds an instance against its agent that was not in the first answer', () => {
    const tally = new CatalogTally(['a']);
    tally.take({ instances: [] });
    expect(tally.of('a')).toEqual({ warnings: 0, criticals: 0, missing: 1 });
  });
});

describe('the gap between beats', () => {
  it('is the longest one, those before the first and after the last beat among them', () => {
    const tally = new BeatTally(1_000);
    tally.beat('a', 1_500);
    tally.beat('a', 2_700);
    expect(tally.of('a', 3_000)).toEqual({ beats: 2, longestBeatGapMs: 1_200 });
    expect(tally.of('a', 4_500)).toEqual({ beats: 2, longestBeatGapMs: 1_800 });
    expect(tally.of('b', 4_500)).toEqual({ beats: 0, longestBeatGapMs: 3_500 });
  });
});
