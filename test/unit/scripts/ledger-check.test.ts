import fc from 'fast-check';
import type { LedgerEntry } from '../../../calculator/ledger';
import { checkLedgers } from '../../../scripts/chaos/ledger-check';

const executed = (...ids: readonly string[]): readonly LedgerEntry[] =>
  ids.map((id) => ({ id, amount: 1, instance: 'one', stamp: '2026-01-01T00:00:00Z' }));
const CLEAN = { executedTwice: [], acknowledgedButLost: [], neverWished: [] };

describe('the ledger check', () => {
  it('finds nothing where every answered wish was executed once, and failed ones at most once', () => {
    const wishes = [
      { id: 'a', end: 'answered' },
      { id: 'b', end: 'failed' },
      { id: 'c', end: 'failed' },
    ] as const;
    expect(checkLedgers(wishes, executed('a', 'b'))).toEqual(CLEAN);
  });

  it('finds an id that two servers executed, also when its caller was told of a failure', () => {
    expect(checkLedgers([{ id: 'a', end: 'failed' }], executed('a', 'a'))).toEqual({ ...CLEAN, executedTwice: ['a'] });
  });

  it('finds an answer that stands in no ledger', () => {
    expect(checkLedgers([{ id: 'a', end: 'answered' }], [])).toEqual({ ...CLEAN, acknowledgedButLost: ['a'] });
  });

  it('finds what nobody wished for', () => {
    expect(checkLedgers([], executed('a'))).toEqual({ ...CLEAN, neverWished: ['a'] });
  });

  it('finds every planted fault among many good calls', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (count, at) => {
        const ids = Array.from({ length: count }, (_, number) => `id-${number}`);
        const planted = ids[at % count]!;
        const wishes = ids.map((id) => ({ id, end: 'answered' as const }));
        expect(checkLedgers(wishes, executed(...ids))).toEqual(CLEAN);
        expect(checkLedgers(wishes, executed(...ids, planted)).executedTwice).toEqual([planted]);
        const lost = executed(...ids.filter((id) => id !== planted));
        expect(checkLedgers(wishes, lost).acknowledgedButLost).toEqual([planted]);
      }),
    );
  });
});
