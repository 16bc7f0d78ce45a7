import { weigh } from '../../../../scripts/compose/evidence';

const entry = (id: string, instance: string): string => `${JSON.stringify({ id, amount: 1, instance, stamp: 's' })}\n`;

it('counts an id that two servers executed, and one that a server executed twice', () => {
  const ledgers = entry('a', 'one') + entry('b', 'one') + entry('a', 'two') + entry('b', 'one');
  expect(weigh('a\nb\n', ledgers)).toEqual({ duplicated: 2, acknowledgedButLost: 0 });
});

it('finds what was acknowledged and stands in no ledger', () => {
  expect(weigh('a\nb\n', entry('a', 'one'))).toEqual({ duplicated: 0, acknowledgedButLost: 1 });
});

it('passes over a line that its writer never finished', () => {
  expect(weigh('a\n', `${entry('a', 'one')}{"id":"b","amo`)).toEqual({ duplicated: 0, acknowledgedButLost: 0 });
});
