import fc from 'fast-check';
import { nextWatchIndex } from '../../../../core/decide/watch-index';

it.each([
  ['waits on an index that grew', 7n, '8', 8n, 'usable'],
  ['waits on an index that stayed, after a wait that ran out', 7n, '7', 7n, 'usable'],
  ['waits on the first index', 0n, '1', 1n, 'usable'],
  ['starts anew when the index went back', 7n, '6', 0n, 'went-back'],
  ['keeps all 64 bits apart', 9_007_199_254_740_992n, '9007199254740993', 9_007_199_254_740_993n, 'usable'],
  ['never waits on 0', 7n, '0', 0n, 'unusable'],
  ['never waits on a missing index', 7n, undefined, 0n, 'unusable'],
  ['never waits on an empty index', 7n, '', 0n, 'unusable'],
  ['never waits on what is no number', 7n, 'NaN', 0n, 'unusable'],
  ['never waits on a negative index', 7n, '-8', 0n, 'unusable'],
] as const)('%s', (_name, previous, answered, index, verdict) => {
  expect(nextWatchIndex(previous, answered)).toEqual({ index, verdict });
});

it('never hands out an index that is smaller than the one before, unless it is 0', () => {
  const index = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(
      index,
      fc.option(fc.oneof(index.map(String), fc.string()), { nil: undefined }),
      (previous, answered) => {
        const next = nextWatchIndex(previous, answered).index;
        expect(next === 0n || next >= previous).toBe(true);
      },
    ),
  );
});
