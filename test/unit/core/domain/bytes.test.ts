import fc from 'fast-check';
import { formatBytes, parseBytes, roughBytes } from '../../../../core/domain/bytes';

it.each([
  ['2GiB', 2_147_483_648],
  ['1.5 MiB', 1_572_864],
  ['1000', 1000],
  [4096, 4096],
  ['2 GB', undefined],
  ['-1KiB', undefined],
  [1.5, undefined],
  [null, undefined],
])('%p is read as %p bytes', (written, bytes) => {
  expect(parseBytes(written)).toBe(bytes);
});

it('a size that is written out is read as the same', () => {
  fc.assert(fc.property(fc.nat(2 ** 40), (bytes) => expect(parseBytes(formatBytes(bytes))).toBe(bytes)));
});

it('people are told two or three digits', () => {
  expect([900_000, 2_254_857_830, 340 * 1024 ** 2, 3 * 1024 ** 4].map(roughBytes)).toEqual([
    ...['879 KiB', '2.1 GiB', '340 MiB', '3 TiB'],
  ]);
});
