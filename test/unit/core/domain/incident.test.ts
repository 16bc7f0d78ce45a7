import fc from 'fast-check';
import {
  nextIncident,
  resumeIncident,
  WELL,
  type IncidentEvent,
  type IncidentState,
  type IncidentStep,
} from '../../../../core/domain/incident';
import { foldIncidents, incidentMatches, type IncidentRecord } from '../../../../core/domain/incident-record';

const START = Date.UTC(2026, 0, 1);

/** One server's incidents, with a hand-driven clock. */
class Story {
  state: IncidentState = WELL;
  nowMs = 1000;
  readonly records: IncidentRecord[] = [];

  tell(kind: IncidentEvent['kind'], afterMs = 0, facts: Partial<IncidentEvent> = {}): readonly IncidentStep[] {
    this.nowMs += afterMs;
    const event: IncidentEvent = { kind, source: 'probe', sentence: kind, ...facts };
    const before = this.state;
    const at = { nowMs: this.nowMs, unixMs: START + this.nowMs };
    const { state, steps } = nextIncident(before, event, at, 'calculator-1');
    this.state = state;
    const incident = before.name === 'open' ? before.id : state.name === 'open' ? state.id : '';
    const identity = { incident, service: 'calculator', instance: 'calculator-1', agent: 'a' };
    this.records.push(...steps.map((step) => ({ ...step, ...identity })));
    return steps;
  }

  get kinds(): string {
    return this.records.map(({ kind }) => kind).join(' ');
  }
}

describe('an incident', () => {
  it('begins with its first evidence, and tells how long each step took', () => {
    const story = new Story();
    story.tell('evidence');
    story.tell('detected', 1000);
    story.tell('acted', 50, { action: 'SIGTERM', ok: true });
    story.tell('verified', 950);
    story.tell('rejoined', 10);
    story.tell('settled', 15_000);
    expect(story.kinds).toBe('evidence detected acted verified rejoined closed');
    expect(story.records.map(({ afterMs }) => afterMs)).toEqual([0, 1000, 1050, 2000, 2010, 17_010]);
    expect(foldIncidents(story.records)).toEqual([
      expect.objectContaining({
        phase: 'closed',
        outcome: 'recovered',
        startedUnixMs: START + 1000,
        cause: 'detected',
        downTimes: [{ fromMs: 0, detectedMs: 1000, verifiedMs: 2000, toMs: 2010 }],
      }),
    ]);
  });

  it('leaves nothing of a suspicion that did not come true', () => {
    const story = new Story();
    story.tell('evidence');
    story.tell('cleared', 1000);
    story.tell('detected', 60_000);
    expect(story.records.map(({ kind, afterMs }) => [kind, afterMs])).toEqual([['detected', 0]]);
  });

  it('keeps the first evidence of a long suspicion and the latest', () => {
    const story = new Story();
    for (let probe = 0; probe < 20; probe++) story.tell('evidence', 1000, { sentence: `probe ${probe}` });
    story.tell('detected');
    expect(story.records.map(({ sentence }) => sentence)).toEqual([
      'probe 0',
      'probe 17',
      'probe 18',
      'probe 19',
      'detected',
    ]);
  });

  it('goes on through a relapse, and counts the time between as well', () => {
    const story = new Story();
    story.tell('detected');
    story.tell('verified', 500);
    story.tell('rejoined', 10);
    story.tell('detected', 5000);
    story.tell('verified', 700);
    story.tell('rejoined', 10);
    story.tell('settled', 15_000);
    expect(story.kinds).toBe('detected verified rejoined relapsed verified rejoined closed');
    expect(foldIncidents(story.records)[0]?.downTimes).toEqual([
      { fromMs: 0, detectedMs: 0, verifiedMs: 500, toMs: 510 },
      { fromMs: 5510, detectedMs: 5510, verifiedMs: 6210, toMs: 6220 },
    ]);
  });

  it('is one down time when the server fell again before anybody knew it back', () => {
    const story = new Story();
    story.tell('detected');
    story.tell('verified', 500);
    story.tell('detected', 100);
    story.tell('verified', 500);
    story.tell('rejoined', 10);
    expect(foldIncidents(story.records)[0]?.downTimes).toEqual([
      { fromMs: 0, detectedMs: 0, verifiedMs: 1100, toMs: 1110 },
    ]);
  });

  it('says that it was given up, and leaves that by itself when the server is well', () => {
    const story = new Story();
    story.tell('detected');
    story.tell('given-up', 1000);
    expect(foldIncidents(story.records)[0]?.phase).toBe('given-up');
    story.tell('verified', 1000);
    story.tell('rejoined');
    story.tell('settled', 15_000);
    expect(foldIncidents(story.records)[0]).toMatchObject({ phase: 'closed', outcome: 'recovered' });
  });

  it('is abandoned when the agent is told to end before the server is back', () => {
    const story = new Story();
    story.tell('detected');
    story.tell('abandoned', 1000);
    expect(story.state).toEqual(WELL);
    expect(foldIncidents(story.records)[0]).toMatchObject({ phase: 'closed', outcome: 'abandoned' });
  });

  it('does not fill a disk: of a server that flaps for days it keeps the changes and no more words', () => {
    const story = new Story();
    story.tell('detected');
    for (let note = 0; note < 5000; note++) story.tell('note', 1);
    story.tell('verified');
    expect(story.records).toHaveLength(1001);
    expect(story.records.at(-1)?.kind).toBe('verified');
  });

  it('goes on after a restart of the agent, whatever the clocks did', () => {
    const left = { id: 'x', phase: 'down' as const, startedUnixMs: START, steps: 3, afterMs: 5000 };
    const back = resumeIncident(left, { nowMs: 10, unixMs: START + 1000 });
    const { steps } = nextIncident(
      back,
      { kind: 'verified', source: 'probe', sentence: 'up' },
      { nowMs: 20, unixMs: START + 1010 },
      'calculator-1',
    );
    expect(steps).toEqual([expect.objectContaining({ seq: 4, afterMs: 5010 })]);
    expect(resumeIncident(left, { nowMs: 10, unixMs: START + 60_000 })).toMatchObject({ afterMs: 60_000 });
  });

  it('is asked for by service and by time; an open one is always recent', () => {
    const story = new Story();
    story.tell('detected');
    story.tell('verified');
    story.tell('rejoined');
    story.tell('settled');
    story.tell('detected', 1000);
    const [closed, open] = foldIncidents(story.records);
    expect(incidentMatches(closed!, { service: 'other' })).toBe(false);
    expect(incidentMatches(closed!, { service: 'calculator', sinceUnixMs: START })).toBe(true);
    expect(incidentMatches(closed!, { sinceUnixMs: START + 86_400_000 })).toBe(false);
    expect(incidentMatches(open!, { sinceUnixMs: START + 86_400_000 })).toBe(true);
  });
});

const KINDS: readonly IncidentEvent['kind'][] = [
  ...(['evidence', 'detected', 'decided', 'acting', 'acted', 'given-up', 'verified', 'rejoined'] as const),
  ...(['resumed', 'note', 'cleared', 'settled', 'abandoned'] as const),
];

it('is always whole, whatever happens: numbered without gaps, in time order, closed at its end and only there', () => {
  const anEvent = fc.tuple(fc.constantFrom(...KINDS), fc.nat(10_000));
  fc.assert(
    fc.property(fc.array(anEvent, { maxLength: 60 }), (events) => {
      const story = new Story();
      for (const [kind, afterMs] of events) story.tell(kind, afterMs);
      const incidents = foldIncidents(story.records);
      for (const { steps, phase, downTimes } of incidents) {
        expect(steps.map(({ seq }) => seq)).toEqual(steps.map((_, index) => index + 1));
        const times = steps.map(({ afterMs }) => afterMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(steps.filter(({ kind }) => kind === 'closed')).toHaveLength(phase === 'closed' ? 1 : 0);
        expect(steps.some(({ kind }) => kind === 'detected')).toBe(true);
        expect(downTimes.slice(0, -1).every(({ toMs }) => toMs !== undefined)).toBe(true);
      }
      expect(incidents.filter(({ phase }) => phase !== 'closed')).toHaveLength(story.state.name === 'open' ? 1 : 0);
    }),
  );
});

it('is read from records in any order, doubled or missing, without an error', () => {
  const story = new Story();
  for (const kind of KINDS.filter((one) => one !== 'settled')) story.tell(kind, 10);
  fc.assert(
    fc.property(fc.subarray(story.records, { minLength: 1 }), (some) => {
      const shuffled = [...some].reverse();
      expect(foldIncidents([...shuffled, ...some])).toEqual(foldIncidents(some));
    }),
  );
});
