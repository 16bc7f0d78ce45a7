import fc from 'fast-check';
import { chooseRoundRobin } from '../../../../core/pick/choose';

describe('round robin', () => {
  it('goes round the pool', () => {
    const turns = [0, 1, 2, 3, 4, 5].map((turn) =>
      chooseRoundRobin({ pool: ['a', 'b', 'c'], reserve: ['z'] }, turn, []),
    );
    expect(turns).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('sends a repetition to another instance of the tier, then to the reserve, then back', () => {
    const choices = { pool: ['a', 'b'], reserve: ['y', 'z'] };
    expect(chooseRoundRobin(choices, 0, ['a'])).toBe('b');
    expect(chooseRoundRobin(choices, 0, ['a', 'b'])).toBe('y');
    expect(chooseRoundRobin(choices, 0, ['a', 'b', 'y'])).toBe('z');
    expect(chooseRoundRobin(choices, 1, ['a', 'b', 'y', 'z'])).toBe('b');
  });

  it('has no answer only when there is nobody', () => {
    expect(chooseRoundRobin({ pool: [], reserve: [] }, 7, [])).toBeNull();
    expect(chooseRoundRobin({ pool: [], reserve: ['z'] }, 7, ['z'])).toBe('z');
  });

  it('never repeats an endpoint while there is an untried one', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(names, fc.nat(8), fc.nat(100), fc.nat(8), (all, split, turn, triedCount) => {
        const choices = { pool: all.slice(0, split), reserve: all.slice(split) };
        const tried = all.slice(0, triedCount);
        const chosen = chooseRoundRobin(choices, turn, tried);
        expect(all).toContain(chosen);
        expect(tried.length < all.length && tried.includes(chosen ?? '')).toBe(false);
      }),
    );
  });
});
