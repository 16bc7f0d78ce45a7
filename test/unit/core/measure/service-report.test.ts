import fc from 'fast-check';
import type { Incident } from '../../../../core/domain/incident-record';
import type { KeptMove } from '../../../../core/domain/move';
import { TallyBook } from '../../../../core/measure/call-tally';
import { serviceReport, type ReportInput } from '../../../../core/measure/service-report';
import { ratioOf } from '../../../../core/measure/wilson';

const HOUR = 3_600_000;
const NOW = 100 * HOUR;

function incident(
  startedUnixMs: number,
  downTimes: Incident['downTimes'],
  phase: Incident['phase'] = 'closed',
): Incident {
  const last = { seq: 1, kind: 'closed', afterMs: 10_000, source: 'agent', sentence: '' } as const;
  return {
    ...{ id: `i-${startedUnixMs}`, service: 'calculator', instance: 'calculator-1', agent: 'a', cause: 'killed' },
    ...{ startedUnixMs, phase, downTimes, steps: [{ ...last, atUnixMs: startedUnixMs + 10_000 }] },
  };
}

function report(change: Partial<ReportInput>): ReturnType<typeof serviceReport> {
  const observations = [{ instance: 'calculator-1', sinceUnixMs: 0 }];
  const window = { sinceUnixMs: NOW - 10 * HOUR, nowUnixMs: NOW };
  return serviceReport({
    service: 'calculator',
    ...window,
    minutes: [],
    methods: {},
    incidents: [],
    moves: [],
    observations,
    ...change,
  });
}

const TALLY = { calls: 1000, attempts: 1008, failuresSeen: 2, failuresHidden: 6 };

describe('a ratio', () => {
  it('has the interval of Wilson', () => {
    const { value, low, high } = ratioOf(10, 100);
    expect([value, low, high].map((one) => one?.toFixed(4))).toEqual(['0.1000', '0.0552', '0.1744']);
    expect(ratioOf(0, 1000)).toMatchObject({ low: 0, high: expect.closeTo(0.00383, 4) as number });
    expect(ratioOf(0, 0)).toEqual({ of: 0, value: null, low: 0, high: 1 });
  });

  it('always lies inside its interval, and that between 0 and 1', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(100_000), (a, b) => {
        const { value, low, high } = ratioOf(Math.min(a, b), Math.max(a, b, 1));
        return 0 <= low && low <= (value ?? 0) && (value ?? 0) <= high && high <= 1;
      }),
    );
  });
});

describe('the report of a service', () => {
  it('gives the figures of the founding documents over real calls', () => {
    const { calls } = report({ minutes: [{ atUnixMs: NOW, ...TALLY }] });
    expect(calls).toMatchObject({ calls: 1000, attempts: 1008, pf: 0.008, r: 0.992, tp: 0.75, t: 125 });
    expect(calls.seen.value).toBe(0.002);
  });

  it('claims nothing where nothing was measured', () => {
    const { calls, ...rest } = report({ observations: [] });
    expect(calls).toMatchObject({ calls: 0, pf: null, r: null, tp: null, t: null });
    expect(rest).toMatchObject({ detect: null, rejoin: null, availability: null, mtbfMs: null, mttrMs: null });
  });

  it('takes times from the outages that began in its window', () => {
    const down = (toMs: number): Incident['downTimes'] => [{ fromMs: 0, detectedMs: 100, verifiedMs: toMs - 50, toMs }];
    const incidents = [1, 2, 3].map((hours) => incident(NOW - hours * HOUR, down(hours * 1000)));
    const early = incident(NOW - 50 * HOUR, down(1000));
    expect(report({ incidents: [early, ...incidents] })).toMatchObject({
      ...{ outages: 3, detect: { of: 3, median: 100 }, rejoin: { of: 3, median: 2000, p95: 3000, max: 3000 } },
      ...{ recover: { median: 1950 }, mttrMs: 2000, mtbfMs: (10 * HOUR - 6000) / 3 },
      availability: 1 - 6000 / (10 * HOUR),
    });
  });

  it('counts an outage that is still open until now, and what nobody watched not at all', () => {
    const open = incident(NOW - HOUR, [{ fromMs: 0, detectedMs: 100 }], 'down');
    expect(report({ incidents: [open] }).availability).toBeCloseTo(0.9);
    const observations = [{ instance: 'calculator-1', sinceUnixMs: NOW - 2 * HOUR }];
    expect(report({ incidents: [open], observations })).toMatchObject({ availability: 0.5, mttrMs: null, outages: 1 });
  });
});

describe('a book of tallies', () => {
  it('takes each message of a caller once, and tells the minutes since a time', () => {
    const book = new TallyBook();
    const message = { client: 'one', seq: 1, services: { calculator: TALLY } };
    expect(book.take(message, 60_000)).toBe(true);
    expect(book.take(message, 61_000)).toBe(false);
    book.take({ ...message, seq: 2 }, 62_000);
    book.take({ ...message, client: 'two' }, 130_000);
    expect(book.since('calculator', 0)).toEqual([
      { atUnixMs: 60_000, calls: 2000, attempts: 2016, failuresSeen: 4, failuresHidden: 12 },
      { atUnixMs: 120_000, ...TALLY },
    ]);
    expect(book.since('calculator', 120_000)).toHaveLength(1);
    expect(book.since('another', 0)).toEqual([]);
  });

  it('keeps a week and not more', () => {
    const book = new TallyBook();
    for (let minute = 0; minute < 10_100; minute += 1)
      book.take({ client: 'one', seq: minute, services: { calculator: TALLY } }, minute * 60_000);
    const kept = book.since('calculator', 0);
    expect(kept).toHaveLength(10_080);
    expect(kept.at(-1)?.atUnixMs).toBe(10_099 * 60_000);
  });
});

describe('the times that clients tell', () => {
  let seq = 0;
  const move = (kind: 'failover' | 'failback', afterMs: number | undefined, agoMs = HOUR): KeptMove => {
    seq += 1;
    const ends = { service: 'calculator', client: 'c', seq, from: 0, to: 1, reason: '' };
    return { ...ends, kind, atUnixMs: NOW - agoMs, afterMs };
  };

  it('are the median, p95 and longest of those of the window, without what an operator ordered', () => {
    const moves = [10, 30, 20].map((ms) => move('failover', ms));
    const others = [move('failover', undefined), move('failover', 9000, 11 * HOUR), move('failback', 3000)];
    const made = report({ moves: [...moves, ...others] });
    expect(made.switch).toEqual({ of: 3, median: 20, p95: 30, max: 30 });
    expect(made.failback).toEqual({ of: 1, median: 3000, p95: 3000, max: 3000 });
  });

  it('are null where no client told of any', () => {
    expect(report({})).toMatchObject({ switch: null, failback: null });
  });
});
