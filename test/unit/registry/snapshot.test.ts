import fc from 'fast-check';
import type { CatalogEntry } from '../../../core/domain/instance';
import { buildSnapshot, contentHash } from '../../../registry/snapshot';
import { instance } from '../../support/registrations';

const entry = (change: Partial<CatalogEntry> = {}): CatalogEntry => ({
  ...instance('calculator'),
  health: 'passing',
  reason: 'ok',
  ...change,
});

it('sorts by tier, then by id', () => {
  const entries = [
    entry({ id: 'b', tier: 1 }),
    entry({ id: 'z' }),
    entry({ id: 'B', tier: 1 }),
    entry({ id: 'a', tier: 2 }),
  ];
  expect(buildSnapshot('calculator', '1', entries).instances.map(({ id }) => id)).toEqual(['z', 'B', 'b', 'a']);
});

it('is immutable in depth, and does not freeze what it was made of', () => {
  const source = entry({ tags: ['a'], meta: { a: '1' } });
  const snapshot = buildSnapshot('calculator', '1', [source]);
  const made = snapshot.instances[0]!;
  for (const part of [snapshot, snapshot.instances, made, made.tags, made.meta])
    expect(Object.isFrozen(part)).toBe(true);
  expect(Object.isFrozen(source.tags)).toBe(false);
});

it('hashes contents alone: neither the index nor the order of answers and meta keys counts', () => {
  const a = entry({ id: 'a', meta: { x: '1', y: '2' } });
  const b = entry({ id: 'b' });
  const one = buildSnapshot('calculator', '1', [a, b]);
  const other = buildSnapshot('calculator', '2', [b, { ...a, meta: { y: '2', x: '1' } }]);
  expect(contentHash(one)).toBe(contentHash(other));
});

it('hashes every field: whichever changes, the hash does', () => {
  const changes = fc.constantFrom<Partial<CatalogEntry>>(
    { id: 'other' },
    { address: '10.0.0.1' },
    { port: 1 },
    { tier: 1 },
    { weight: 2 },
    { epoch: 1 },
    { owner: 'agent-b' },
    { tags: ['x'] },
    { meta: { x: '1' } },
    { health: 'warning' },
    { reason: 'slow' },
  );
  const hash = (of: CatalogEntry): string => contentHash(buildSnapshot('calculator', '1', [of]));
  fc.assert(fc.property(changes, (change) => hash(entry()) !== hash(entry(change))));
});
