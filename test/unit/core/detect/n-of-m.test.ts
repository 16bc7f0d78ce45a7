import fc from 'fast-check';
import { healthOf, NOTHING_SEEN, observe, type NOfMState } from '../../../../core/detect/n-of-m';

const OPTIONS = { fall: 2, of: 3, rise: 2 };

/** Plays `+` (pass) and `-` (fail); tells the health after each. */
function play(marks: string, options = OPTIONS): { readonly healths: string; readonly reason: string } {
  let state: NOfMState = NOTHING_SEEN;
  let reason = '';
  const healths = marks.split('').map((mark) => {
    ({ state, reason } = observe(state, mark === '+', mark === '+' ? 'SERVING' : 'no answer', options));
    return { passing: 'p', warning: 'w', critical: 'c' }[healthOf(state)];
  });
  return { healths: healths.join(''), reason };
}

describe('the n-of-m detector', () => {
  it.each([
    ['one pass is enough for a new server', '--+', 'ccp'],
    ['a single failure is a warning, and the next pass ends it', '+-++', 'pwpp'],
    ['two failures of three turn it down, even with a pass between them', '+-+-', 'pwpc'],
    ['failures further apart than the window do not add up', '+-++-++-+', 'pwppwppwp'],
    ['it takes two passes in a row to come back', '+--+-++', 'pwccccp'],
    ['failures from before the fall do not count after the return', '+--++-+', 'pwccpwp'],
  ])('%s', (_name, marks, healths) => {
    expect(play(marks).healths).toBe(healths);
  });

  it.each([
    ['-', 'no probe has passed yet: no answer'],
    ['+', 'first probe passed: SERVING'],
    ['+-', '1 of the last 2 probes failed, 2 of 3 make it critical: no answer'],
    ['+--', '2 of the last 3 probes failed: no answer'],
    ['+---', 'still failing: no answer'],
    ['+--+', '1 of 2 passing probes in a row: SERVING'],
    ['+--++', '2 probes passed in a row: SERVING'],
  ])('after %s it says why', (marks, reason) => {
    expect(play(marks).reason).toBe(reason);
  });

  it('never falls without enough failures in the window, and never rises without enough passes in a row', () => {
    const options = fc.record({
      fall: fc.integer({ min: 1, max: 4 }),
      of: fc.integer({ min: 4, max: 6 }),
      rise: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), options, (results, policy) => {
        let state: NOfMState = NOTHING_SEEN;
        let faults = 0;
        for (const [at, ok] of results.entries()) {
          const before = state.verdict;
          ({ state } = observe(state, ok, '', policy));
          const seen = results.slice(0, at + 1);
          const failures = seen.slice(-policy.of).filter((one) => !one).length;
          if (before === 'up' && state.verdict === 'down' && failures < policy.fall) faults += 1;
          if (before === 'down' && state.verdict === 'up' && seen.slice(-policy.rise).includes(false)) faults += 1;
        }
        expect(faults).toBe(0);
      }),
    );
  });
});
