import { faultsOf, LIMITS, STEPS, type StepFigures } from '../../../../scripts/compose/limits';

const GOOD: StepFigures = {
  step: 'kill',
  calls: 1000,
  lost: 0,
  unsafeFailed: 3,
  duplicated: 0,
  acknowledgedButLost: 0,
  wrongAnswers: 0,
  gapMs: 120,
  moves: 2,
  failures: [],
  recoveredMs: 8000,
};

it('finds nothing wrong with a step that kept its limits', () => {
  expect(faultsOf(GOOD)).toEqual([]);
});

it('names every limit that was not kept', () => {
  const bad = { ...GOOD, lost: 2, duplicated: 1, acknowledgedButLost: 1, wrongAnswers: 1, gapMs: 9999.4, moves: 5 };
  expect(faultsOf({ ...bad, recoveredMs: null })).toEqual([
    'kill: not everything came back as it was',
    'kill: 2 safe calls lost, at most 0 allowed',
    'kill: 1 MemoryAdds executed twice, at most 0 allowed',
    'kill: 1 MemoryAdds acknowledged, and in no ledger, at most 0 allowed',
    'kill: 1 wrong answers, at most 0 allowed',
    'kill: 9999 ms without a good answer, at most 2000 allowed',
    'kill: 5 moves between tiers, at most 4 allowed',
  ]);
});

it('does not believe a step without calls', () => {
  expect(faultsOf({ ...GOOD, calls: 0 })).toEqual(['kill: no call was made']);
});

it.each(STEPS)('never allows a repeated or a forgotten MemoryAdd: %s', (step) => {
  expect(faultsOf({ ...GOOD, step, moves: 0, duplicated: 1 })).toHaveLength(1);
  expect(faultsOf({ ...GOOD, step, moves: 0, acknowledgedButLost: 1 })).toHaveLength(1);
});

it('allows no call to be lost when Consul is away', () => {
  expect(LIMITS['one-server']).toMatchObject({ lost: 0, moves: 2 });
  expect(LIMITS['all-servers']).toMatchObject({ lost: 0, moves: 2 });
});
