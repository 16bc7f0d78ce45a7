import { storyText } from '../../../cli/faults-text';
import type { Incident } from '../../../core/domain/incident-record';
import type { KeptMove } from '../../../core/domain/move';

const STARTED = Date.UTC(2026, 0, 1, 12);
const steps = [
  [0, 'evidence', 'a probe failed'],
  [900, 'detected', 'it is down'],
  [3000, 'rejoined', 'Consul knows it'],
].map(([afterMs, kind, sentence], at) => ({
  ...{ afterMs, kind, sentence, source: 'probe', seq: at + 1, atUnixMs: STARTED + Number(afterMs) },
}));
const incident = {
  ...{ id: 'i-1', service: 'calculator', instance: 'calculator-1', agent: 'a', startedUnixMs: STARTED },
  ...{ phase: 'rejoined', cause: 'killed', downTimes: [], steps },
} as unknown as Incident;

const about = { service: 'calculator', client: 'web:7:ab' };
const moves: readonly KeptMove[] = [
  {
    ...{ ...about, seq: 1, kind: 'ejected', atUnixMs: STARTED - 20, instance: 'calculator-1', tier: 0, afterMs: 5 },
    reason: 'its connection was lost',
  },
  {
    ...{ ...about, seq: 2, kind: 'failover', atUnixMs: STARTED + 10, from: 0, to: 1, afterMs: 35 },
    reason: 'tier 0 cannot answer',
  },
  { ...{ ...about, seq: 3, kind: 'failback', atUnixMs: STARTED + 9000, from: 1, to: 0 }, reason: 'it was ordered' },
];

it('tells what the agent and the clients knew and did in one order, each with its reason', () => {
  const lines = storyText(incident, moves).split('\n').slice(-6);
  expect(lines.map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
    '11:59:59.980Z | -20 ms | client web:7:ab | ejected | calculator-1: its connection was lost [5 ms after the first sign]',
    '12:00:00.000Z | +0 ms | probe | evidence | a probe failed',
    '12:00:00.010Z | +10 ms | client web:7:ab | failover | tier 0 to 1: tier 0 cannot answer [35 ms after the first sign]',
    '12:00:00.900Z | +900 ms | probe | detected | it is down',
    '12:00:03.000Z | +3.00 s | probe | rejoined | Consul knows it',
    '12:00:09.000Z | +9.00 s | client web:7:ab | failback | tier 1 to 0: it was ordered',
  ]);
});

it('says so when no client told of anything', () => {
  expect(storyText(incident, [])).toContain('no client told of a move');
});
