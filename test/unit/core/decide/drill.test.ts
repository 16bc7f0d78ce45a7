import fc from 'fast-check';
import {
  drillCourse,
  isSeenTo,
  mayDrill,
  readDrillMark,
  type DrillCourse,
  type DrillPlan,
  type DrillView,
  type RunningDrill,
} from '../../../../core/decide/drill';
import type { Health } from '../../../../core/domain/health';
import type { CatalogEntry } from '../../../../core/domain/instance';
import type { Order } from '../../../../core/domain/order';

const START = Date.UTC(2026, 0, 1);
const PLAN: DrillPlan = { forMs: 30_000, settledMs: 15_000 };

function entry(id: string, tier: number, change: Partial<CatalogEntry> = {}): CatalogEntry {
  return {
    ...{ id, service: 'calculator', address: '10.0.0.7', port: 5001, tier, weight: 1, tags: [], meta: {} },
    ...{ epoch: START - 3_600_000, owner: 'a', health: 'passing', reason: 'SERVING in 1.0 ms' },
    ...change,
  };
}

const FLEET = [entry('one', 0), entry('two', 1), entry('three', 1), entry('four', 2)];

const seen = (change: Partial<DrillView> = {}): DrillView => ({
  ...{ instances: FLEET, order: null, incident: undefined, unixMs: START },
  ...change,
});

const withHealth = (id: string, health: Health): readonly CatalogEntry[] =>
  FLEET.map((one) => (one.id === id ? { ...one, health, reason: 'the test says so' } : one));

describe('a drill may begin', () => {
  it('when the service is whole: then all of the next tier lead', () => {
    expect(mayDrill(seen(), PLAN)).toEqual({
      lead: ['two', 'three'],
      reason: 'all 4 instances are passing; two, three leads for 30 s',
    });
  });

  it.each<[string, Partial<DrillView>, string]>([
    ['the registry does not answer', { instances: null }, 'the registry does not answer'],
    ['nobody is registered', { instances: [] }, 'no instance is registered'],
    ['an instance is ill', { instances: withHealth('four', 'critical') }, 'four is critical: the test says so'],
    ['an instance may be ill', { instances: withHealth('one', 'warning') }, 'one is warning: the test says so'],
    ['an instance is drained', { instances: withHealth('two', 'maintenance') }, 'two is maintenance: the test says so'],
    ['an incident is open', { incident: 'one-x' }, 'incident one-x is open'],
    ['an order stands', { order: { lead: ['two'], atUnixMs: 1 } }, "two leads by an operator's order"],
    [
      'a server has only just come back',
      { instances: [...FLEET, entry('five', 0, { epoch: START - 1000 })] },
      'five has run for less than 15 s',
    ],
    ['there is no backup', { instances: [entry('one', 0), entry('two', 0)] }, 'there is no backup in another tier'],
  ])('but not when %s', (_case, change, reason) => {
    expect(mayDrill(seen(change), PLAN)).toEqual({ lead: [], reason });
  });

  it('after an order that was taken back, or whose time is over', () => {
    expect(mayDrill(seen({ order: { lead: [], atUnixMs: 1 } }), PLAN).lead).toHaveLength(2);
    expect(mayDrill(seen({ order: { lead: ['two'], atUnixMs: 1, untilUnixMs: START } }), PLAN).lead).toHaveLength(2);
  });
});

describe('a drill that is under way', () => {
  const order: Order = { lead: ['two', 'three'], atUnixMs: START, untilUnixMs: START + 30_000 };
  const drill: RunningDrill = { order, members: FLEET.map(({ id }) => id), startedMs: 1000 };
  const course = (change: Partial<DrillView>, nowMs = 2000): DrillCourse =>
    drillCourse(drill, seen({ order, ...change }), PLAN, nowMs);

  it('goes on while all is well, and ends when its time is over', () => {
    expect(course({})).toEqual({ end: null, reason: 'two, three leads for 29 s more' });
    expect(course({}, 31_000)).toEqual({ end: 'drilled', reason: 'two, three led for 30 s, and all 4 kept well' });
  });

  it.each<[string, Partial<DrillView>, string]>([
    ['an instance falls ill', { instances: withHealth('one', 'critical') }, 'one is critical: the test says so'],
    ['an instance leaves', { instances: FLEET.slice(1) }, 'one is gone'],
    ['an incident begins', { incident: 'one-x' }, 'incident one-x is open'],
    ['the registry is away', { instances: null }, 'the registry does not answer'],
    [
      'an operator gives another order',
      { order: { lead: ['four'], atUnixMs: START + 1 } },
      'somebody gave another order, or took this one back',
    ],
    ['its order is deleted', { order: null }, 'somebody gave another order, or took this one back'],
  ])('is cut short when %s', (_case, change, reason) => {
    expect(course(change)).toEqual({ end: 'cut-short', reason });
  });
});

describe('what stands in the registry about a drill', () => {
  const mark = { agent: 'a', atUnixMs: START, sentence: 'x' };

  it('tells the agents that come later that it is seen to, and nobody at its next time', () => {
    expect(isSeenTo(mark, START + 2000, PLAN)).toBe(true);
    expect(isSeenTo(mark, START - 2000, PLAN)).toBe(true);
    expect(isSeenTo(mark, START + 60_000, PLAN)).toBe(false);
    expect(isSeenTo(undefined, START, PLAN)).toBe(false);
  });

  it('is read back, and counts as nothing when it is broken', () => {
    expect(readDrillMark(JSON.stringify(mark))).toEqual(mark);
    for (const text of [null, '', 'null', '[]', '{"agent":1}']) expect(readDrillMark(text)).toBeUndefined();
  });
});

/** What may happen to a fleet of two, one thing at a time. */
type Event =
  | { readonly kind: 'health'; readonly at: number; readonly health: Health }
  | { readonly kind: 'restart'; readonly at: number }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'away' | 'back' | 'incident' | 'recovered' | 'ordered' | 'order ended' | 'due' };

const EVENTS = fc.array(
  fc.oneof<fc.Arbitrary<Event>[]>(
    fc.record({
      kind: fc.constant('health' as const),
      at: fc.integer({ min: 0, max: 1 }),
      health: fc.constantFrom<Health>('passing', 'passing', 'passing', 'warning', 'critical'),
    }),
    fc.record({ kind: fc.constant('restart' as const), at: fc.integer({ min: 0, max: 1 }) }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
    fc.record({
      kind: fc.constantFrom(
        ...(['away', 'back', 'back', 'incident', 'recovered', 'recovered', 'ordered', 'order ended'] as const),
        ...(['due', 'due', 'due', 'due', 'due', 'due'] as const),
      ),
    }),
  ),
  { maxLength: 60 },
);

/** A world, and an agent that does what core says at each event. */
class World {
  nowMs = 0;
  fleet = [entry('one', 0), entry('two', 1)];
  order: Order | null = null;
  incident: string | undefined;
  away = false;
  drill: RunningDrill | null = null;
  drills = 0;

  view(): DrillView {
    const { order, incident } = this;
    return { instances: this.away ? null : this.fleet, order, incident, unixMs: START + this.nowMs };
  }

  /** What must never be, after each event. */
  get faults(): readonly string[] {
    const { drill, order, nowMs } = this;
    const whole = !this.away && this.incident === undefined && this.fleet.every(({ health }) => health === 'passing');
    if (drill === null) {
      // An operator's order stays his, and has no end of its own.
      const left = order !== null && order.lead.length > 0 && order.untilUnixMs !== undefined;
      return left ? ['an order is left behind'] : [];
    }
    return [
      ...(whole ? [] : ['it goes on though the service is not whole']),
      ...(nowMs - drill.startedMs < PLAN.forMs ? [] : ['it takes too long']),
      ...(order === drill.order ? [] : ['it goes on though its order is gone']),
    ];
  }

  happen(event: Event): void {
    const change = (at: number, to: Partial<CatalogEntry>): void => {
      this.fleet = this.fleet.map((one, index) => (index === at ? { ...one, ...to } : one));
    };
    if (event.kind === 'health') change(event.at, { health: event.health });
    else if (event.kind === 'restart') change(event.at, { epoch: START + this.nowMs });
    else if (event.kind === 'time') this.nowMs += event.ms;
    else if (event.kind === 'incident') this.incident = 'one-x';
    else if (event.kind === 'recovered') this.incident = undefined;
    else if (event.kind === 'ordered') this.order = { lead: ['two'], atUnixMs: START + this.nowMs + 0.5 };
    else if (event.kind === 'order ended') this.order = { lead: [], atUnixMs: START + this.nowMs + 0.5 };
    else if (event.kind === 'due') this.begin();
    else this.away = event.kind === 'away';
  }

  /** What the agent does at each news. */
  look(): void {
    if (this.drill === null || drillCourse(this.drill, this.view(), PLAN, this.nowMs).end === null) return;
    if (this.order?.atUnixMs === this.drill.order.atUnixMs) this.order = { lead: [], atUnixMs: START + this.nowMs };
    this.drill = null;
  }

  private begin(): void {
    if (this.drill !== null) return;
    const { lead } = mayDrill(this.view(), PLAN);
    if (lead.length === 0) return;
    if (this.fleet.some(({ epoch }) => START + this.nowMs - epoch < PLAN.settledMs)) throw new Error('too soon');
    if (this.order !== null && this.order.lead.length > 0) throw new Error('over an operator');
    this.order = { lead, atUnixMs: START + this.nowMs, untilUnixMs: START + this.nowMs + PLAN.forMs };
    this.drill = { order: this.order, members: this.fleet.map(({ id }) => id), startedMs: this.nowMs };
    this.drills += 1;
  }
}

describe('drills, whatever happens', () => {
  it('move the calls of a whole service only, for no longer than asked, and leave no order behind', () => {
    let drills = 0;
    fc.assert(
      fc.property(EVENTS, (events) => {
        const world = new World();
        for (const event of events) {
          world.happen(event);
          world.look();
          expect(world.faults).toEqual([]);
        }
        drills += world.drills;
      }),
      { numRuns: 300 },
    );
    expect(drills).toBeGreaterThan(20);
  });
});
