import { ToldCalls } from '../../../../agent/admin/told-calls';
import { VirtualClock } from '../../../support/virtual-clock';

const told = (): ToldCalls => new ToldCalls(new VirtualClock());
const move = {
  ...{ service: 'calculator', seq: 1, atUnixMs: 1000, reason: 'tier 0 cannot answer', afterMs: 12 },
  ...{ kind: 'failover', from: 0, to: 1 },
};
const ejected = { ...move, seq: 2, kind: 'ejected', instance: 'calculator-1', tier: 0, from: undefined, to: undefined };

it('keeps what clients did, by service and time, and says whose it is', () => {
  const agent = told();
  const wire = JSON.parse(JSON.stringify({ client: 'web:7:ab', moves: [move, ejected] })) as unknown;
  expect([agent.takeMoves(wire), agent.takeMoves(wire)]).toEqual([2, 0]);
  expect(agent.movesSince('calculator', 1000)).toMatchObject({
    moves: [
      { client: 'web:7:ab', ...move },
      { client: 'web:7:ab', instance: 'calculator-1' },
    ],
  });
  expect(agent.movesSince('calculator', 1001)).toEqual({ moves: [] });
});

it.each([
  ['another kind', { ...move, kind: 'moved' }],
  ['a longer sentence than a client sends', { ...move, reason: 'x'.repeat(501) }],
  ['something more', { ...move, payload: 'secret' }],
  ['no number', { ...move, seq: 0 }],
])('refuses a move with %s', (_what, wrong) => {
  expect(told().takeMoves({ client: 'c', moves: [wrong] })).toBeInstanceOf(Error);
});
