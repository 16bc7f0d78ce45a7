import fc from 'fast-check';
import { fingerprintOf } from '../../../server/fingerprint';

const of = (request: unknown): string => fingerprintOf('/a.B/C', request);

describe('the fingerprint of a request', () => {
  it('does not depend on the order of the fields', () => {
    expect(of({ id: 'a', amount: 1 })).toBe(of({ amount: 1, id: 'a' }));
  });

  it('does not see fields that are not set, so that a proto may grow one', () => {
    const old = of({ id: 'a', inner: { n: 1 } });
    expect(of({ id: 'a', inner: { n: 1, flag: false }, list: [], text: '', big: 0n, bytes: Buffer.alloc(0) })).toBe(
      old,
    );
    expect(of({ id: 'a', inner: { n: 1 }, other: null, empty: {} })).toBe(old);
  });

  it.each([
    ['another value', { id: 'a' }, { id: 'b' }],
    ['a number and a text', { id: 1 }, { id: '1' }],
    ['another field', { a: 1 }, { b: 1 }],
    ['another place in a list', { a: [0, 1] }, { a: [1, 0] }],
    ['a longer list', { a: [0] }, { a: [0, 0] }],
    ['other bytes', { a: Buffer.from([1]) }, { a: Buffer.from([2]) }],
    ['not a number', { a: NaN }, {}],
    ['a zero below zero', { a: -0 }, { a: 0 }],
    ['a text that looks like a field', { a: '1","b":"2' }, { a: '1', b: '2' }],
  ])('sees %s', (_what, one, other) => {
    expect(of(one)).not.toBe(of(other));
  });

  it('sees the method', () => {
    expect(fingerprintOf('/a.B/C', { a: 1 })).not.toBe(fingerprintOf('/a.B/D', { a: 1 }));
  });

  it('reads messages that write themselves', () => {
    const message = (...bytes: readonly number[]): object => ({
      serializeBinary: () => Uint8Array.from(bytes),
      cache: {},
    });
    expect(of(message(1, 2))).toBe(of(message(1, 2)));
    expect(of(message(1, 2))).not.toBe(of(message(1, 3)));
  });

  it('is the same for what is equal, and another for what is not, whatever is asked', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.integer({ min: 1 }),
        fc.string({ minLength: 1 }),
        fc.array(tie('any'), { minLength: 1, maxLength: 3 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie('any'), { minKeys: 1, maxKeys: 3 }),
      ),
    })).any;
    fc.assert(
      fc.property(value, value, (one, other) => {
        const isEqual = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        expect(of(structuredClone(one))).toBe(of(one));
        expect(of(one) === of(other)).toBe(isEqual);
      }),
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries: [string, unknown][] = Object.entries(value).map(([key, inner]) => [key, sorted(inner)]);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
