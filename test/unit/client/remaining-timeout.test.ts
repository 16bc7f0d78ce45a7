import fc from 'fast-check';
import { remainingTimeout } from '../../../client/remaining-timeout';

it.each([
  ['1500m', 200, '1300m'],
  ['2S', 500, '1500m'],
  ['1M', 0, '60000m'],
  ['99999999H', 7_200_000, '99999997H'],
  ['500u', 10, '1m'],
  ['what?', 10, 'what?'],
])('of %s, %d ms later, %s is left', (timeout, goneMs, left) => {
  expect(remainingTimeout(timeout, goneMs)).toBe(left);
});

it('what is left never grows, and is a header that servers can read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999_999 }), fc.nat(1e9), (ms, goneMs) => {
      const left = remainingTimeout(`${ms}m`, goneMs);
      expect(left).toMatch(/^\d{1,8}m$/);
      expect(Number.parseInt(left, 10)).toBe(Math.max(1, ms - goneMs));
    }),
  );
});
