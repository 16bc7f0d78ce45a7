import fc from 'fast-check';
import { choose } from '../../../../core/pick/choose';

describe('choosing an endpoint', () => {
  it('takes the place that the policy chose, and goes round', () => {
    const turns = [0, 1, 2, 3, 4, 5].map((turn) => choose({ pool: ['a', 'b', 'c'], reserve: ['z'] }, turn, []));
    expect(turns).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('sends a repetition to another instance of the tier, then to the reserve, then back', () => {
    const choices = { pool: ['a', 'b'], reserve: ['y', 'z'] };
    expect(choose(choices, 0, ['a'])).toBe('b');
    expect(choose(choices, 0, ['a', 'b'])).toBe('y');
    expect(choose(choices, 0, ['a', 'b', 'y'])).toBe('z');
    expect(choose(choices, 1, ['a', 'b', 'y', 'z'])).toBe('b');
  });

  it('has no answer only when there is nobody', () => {
    expect(choose({ pool: [], reserve: [] }, 7, [])).toBeNull();
    expect(choose({ pool: [], reserve: ['z'] }, 7, ['z'])).toBe('z');
  });

  it('never repeats an endpoint while there is an untried one', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(names, fc.nat(8), fc.nat(100), fc.nat(8), (all, split, turn, triedCount) => {
        const choices = { pool: all.slice(0, split), reserve: all.slice(split) };
        const tried = all.slice(0, triedCount);
        const chosen = choose(choices, turn, tried);
        expect(all).toContain(chosen);
        expect(tried.length < all.length && tried.includes(chosen ?? '')).toBe(false);
      }),
    );
  });
});
