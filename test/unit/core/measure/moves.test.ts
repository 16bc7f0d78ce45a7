import type { Incident } from '../../../../core/domain/incident-record';
import type { KeptMove, Move } from '../../../../core/domain/move';
import { movesOfIncident } from '../../../../core/measure/incident-moves';
import { MoveBook } from '../../../../core/measure/move-book';
import { MoveLog } from '../../../../core/measure/move-log';
import { tierMoveOf, type Placed } from '../../../../core/measure/tier-move';

const failover: Move = { kind: 'failover', from: 0, to: 1, reason: 'tier 0 cannot answer' };
const failback: Move = { kind: 'failback', from: 1, to: 0, reason: 'tier 0 has been well' };
const ejected = (instance: string): Move => ({ kind: 'ejected', instance, tier: 0, reason: 'lost' });

describe('the moves of a process', () => {
  const told = (log: MoveLog, seq = 0): readonly unknown[] => log.after(seq).map((one) => [one.seq, one.kind]);

  it('are numbered through all services, and told from where one left off', () => {
    const log = new MoveLog();
    log.add('a', failover, 0);
    log.add('b', failover, 0);
    log.add('a', failback, 100);
    expect(told(log)).toEqual([
      [1, 'failover'],
      [2, 'failover'],
      [3, 'failback'],
    ]);
    expect(told(log, 2)).toEqual([[3, 'failback']]);
  });

  it('count once where several channels decide the same', () => {
    const log = new MoveLog();
    for (const atMs of [0, 1, 40]) {
      log.add('a', ejected('x'), atMs);
      log.add('a', ejected('y'), atMs);
      log.add('a', failover, atMs);
    }
    log.add('a', ejected('x'), 60_000);
    expect(told(log)).toHaveLength(4);
  });

  it('are bounded: the newest 64 of each service, a hundred in a message, and a sentence of 500 characters', () => {
    const log = new MoveLog();
    for (let at = 0; at < 100; at += 1) {
      for (const service of ['a', 'b']) log.add(service, at % 2 === 0 ? failover : failback, at);
    }
    log.add('a', { ...failover, reason: 'x'.repeat(9000) }, 1000);
    const first = log.after(0);
    const rest = log.after(first.at(-1)!.seq);
    expect([first.length, rest.length, rest.at(-1)?.reason.length]).toEqual([100, 28, 500]);
  });
});

describe('the time of a change of tiers', () => {
  const nowMs = 1000;
  const place = (tier: number, sinceMs: number, outMs?: number): Placed => ({
    tier,
    sinceMs,
    fitness: outMs === undefined ? 'fit' : 'unfit',
    presence: { state: outMs === undefined ? 'in' : 'out', sinceMs: outMs ?? sinceMs },
  });
  const decided = (change: Pick<typeof failover, 'kind' | 'from' | 'to'> & { kind: 'failover' | 'failback' }) =>
    ({ change, level: 'fit', reason: 'why' }) as const;

  it('counts from the first sign of the one that fell last', () => {
    const placed = [place(0, 400, 10), place(0, 990, 950), place(1, 0)];
    expect(tierMoveOf(decided({ kind: 'failover', from: 0, to: 1 }), false, placed, nowMs)).toEqual({
      ...{ kind: 'failover', from: 0, to: 1, reason: 'why', afterMs: 50 },
    });
  });

  it('counts from when the better tier was fit again', () => {
    const placed = [place(0, 400), place(1, 0)];
    const move = tierMoveOf(decided({ kind: 'failback', from: 1, to: 0 }), false, placed, nowMs);
    expect(move?.afterMs).toBe(600);
  });

  it('is not told of what an operator ordered, and the first choice is no move', () => {
    const ordered = tierMoveOf(decided({ kind: 'failover', from: 0, to: 1 }), true, [place(0, 0), place(1, 0)], nowMs);
    expect(ordered).not.toHaveProperty('afterMs');
    const start = { change: { kind: 'start', from: null, to: 0 }, level: 'fit', reason: '' } as const;
    expect(tierMoveOf(start, false, [], nowMs)).toBeNull();
  });
});

const kept = (seq: number, atUnixMs: number, move: Move, client = 'c', service = 'a'): KeptMove => ({
  ...move,
  ...{ seq, atUnixMs, client, service },
});

describe('an agent', () => {
  it('keeps each move of each client once, however often it is told', () => {
    const book = new MoveBook();
    const moves = [kept(1, 10, failover), kept(2, 20, failback)];
    expect([
      book.take({ client: 'c', moves: moves.slice(0, 1) }),
      book.take({ client: 'c', moves }),
      book.take({ client: 'c', moves }),
      book.take({ client: 'd', moves }),
    ]).toEqual([1, 1, 0, 2]);
    expect(book.since('a', 15).map(({ client, seq }) => [client, seq])).toEqual([
      ['c', 2],
      ['d', 2],
    ]);
    expect(book.since('b', 0)).toEqual([]);
  });

  it('keeps the newest where there are too many', () => {
    const book = new MoveBook();
    for (let at = 0; at < 60; at += 1) {
      const moves = Array.from({ length: 1000 }, (_, n) => kept(at * 1000 + n + 1, at, failover));
      book.take({ client: 'c', moves });
    }
    const left = book.since(undefined, 0);
    expect(left.length).toBeLessThanOrEqual(22_000);
    expect(left.at(-1)?.seq).toBe(60_000);
  });
});

describe('an incident', () => {
  const incident = {
    ...{ id: 'i', service: 'a', instance: 'x', startedUnixMs: 100_000, phase: 'closed' },
    steps: [{ atUnixMs: 120_000 }],
  } as unknown as Incident;
  const seqs = (...moves: readonly KeptMove[]): readonly number[] => movesOfIncident(incident, moves).map((m) => m.seq);

  it('has the moves of its service and time, in order and each once, and no other instance', () => {
    const own = [kept(2, 100_500, ejected('x')), kept(3, 100_600, failover), kept(1, 99_990, ejected('x'), 'early')];
    const others = [kept(4, 100_500, ejected('y')), kept(5, 100_500, failover, 'c', 'b')];
    expect(seqs(...own, ...own, ...others)).toEqual([1, 2, 3]);
  });

  it('reaches from a little before its first evidence to a failback after its end', () => {
    expect(seqs(kept(1, 80_000, failover), kept(2, 91_000, failover), kept(3, 170_000, failback))).toEqual([2, 3]);
    expect(seqs(kept(1, 190_000, failover))).toEqual([]);
  });
});
