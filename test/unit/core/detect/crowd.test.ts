import { mayAccuse } from '../../../../core/detect/crowd';

describe('whether a silent endpoint may be accused', () => {
  it.each<[string, readonly number[], number, boolean]>([
    ['when another has answered since', [90, 105], 150, true],
    ['not while nobody has answered since: it may be the judge', [90, 95], 150, false],
    ['after long enough, whosever fault it is', [90, 95], 2_100, true],
    ['when there is nobody to compare with', [], 150, true],
  ])('%s', (_name, lives, nowMs, expected) => {
    expect(mayAccuse(100, lives, nowMs, 2_000)).toBe(expected);
  });
});
