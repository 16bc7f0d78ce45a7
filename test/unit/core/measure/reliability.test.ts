import { outcomeOf } from '../../../../core/measure/outcome';
import { reliability } from '../../../../core/measure/reliability';

describe('the reliability figures', () => {
  it('are those of the founding documents', () => {
    expect(reliability(1_000, 8, 6)).toEqual({
      calls: 1_000,
      failures: 8,
      failuresProcessed: 6,
      pf: 0.008,
      r: 0.992,
      tp: 0.75,
      t: 125,
    });
  });

  it('do not claim what was not measured', () => {
    expect(reliability(0, 0, 0)).toMatchObject({ pf: null, r: null, tp: null, t: null });
    expect(reliability(10, 0, 0)).toMatchObject({ pf: 0, r: 1, tp: null, t: null });
  });
});

describe('whose fault a status is', () => {
  it.each([
    [0, 'ok'],
    [1, 'caller'],
    [3, 'caller'],
    [4, 'failure'],
    [11, 'caller'],
    [14, 'failure'],
    [16, 'caller'],
  ])('code %i counts as %s', (code, outcome) => {
    expect(outcomeOf(code)).toBe(outcome);
  });
});
