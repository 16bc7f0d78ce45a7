import fc from 'fast-check';
import type { Instance } from '../../../../core/domain/instance';
import { instanceOf, isOurs, registrationBody } from '../../../../registry/consul/consul-entry';
import { instance, registration } from '../../../support/registrations';

/** What Consul makes of a registration in its listings. */
function listed(of: Instance): unknown {
  const body = registrationBody(registration(of), '0.1.0');
  return { ...body, Service: body['Name'] };
}

it('shows at a glance who is primary, and why it is well', () => {
  const body = registrationBody(
    registration(instance('calculator', { tier: 0, weight: 3, tags: ['blue'] }), { ttlMs: 10_000 }),
    '0.1.0',
  );
  expect(body).toMatchObject({
    Tags: ['understudy', 'primary', 'tier-0', 'blue'],
    Weights: { Passing: 3, Warning: 3 },
    Meta: { understudy: '0.1.0', 'understudy-tier': '0', 'understudy-protocol': 'grpc' },
    Check: {
      CheckID: 'understudy:calculator-1',
      Name: 'calculator-1: primary, tier 0',
      Notes: 'when it was registered: the first probe was good',
      TTL: '10000ms',
      Status: 'passing',
      DeregisterCriticalServiceAfter: '60000ms',
    },
  });
});

it('reads back every instance that it wrote', () => {
  const key = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/).filter((name) => !name.startsWith('understudy'));
  const anyInstance = fc.record({
    id: fc.string({ minLength: 1 }),
    service: fc.string({ minLength: 1 }),
    address: fc.domain(),
    port: fc.integer({ min: 1, max: 65_535 }),
    tier: fc.nat(9),
    weight: fc.integer({ min: 1, max: 65_535 }),
    epoch: fc.maxSafeNat().map((epoch) => epoch % 1e15),
    owner: fc.string(),
    tags: fc.array(fc.constantFrom('blue', 'primary', 'tier-7', 'understudy')),
    meta: fc.dictionary(key, fc.string({ maxLength: 50 })),
  });
  fc.assert(
    fc.property(anyInstance, (of) => {
      expect(instanceOf(listed(of), 'unused')).toEqual({ ...of, meta: { ...of.meta } });
    }),
  );
});

it('still knows its own tags when somebody rearranged them in Consul', () => {
  const service = { ...(listed(instance('calculator')) as object), Tags: ['blue', 'tier-0', 'primary', 'understudy'] };
  expect(instanceOf(service, '').tags).toEqual(['blue']);
});

it.each([
  [{ 'understudy-tier': '1' }, "meta.understudy-tier: this name is Understudy's own"],
  [{ ä: '1' }, 'meta.ä: a key is 1 to 128 of A-Z a-z 0-9 _ -'],
  [{ long: 'x'.repeat(513) }, 'meta.long: a value has at most 512 characters'],
  [Object.fromEntries(Array.from({ length: 59 }, (_, n) => [`k${n}`, ''])), 'meta: 59 pairs, at most 58 are allowed'],
] as const)('refuses meta that Consul would not take: %#', (meta, message) => {
  const bad = registration(instance('calculator', { meta: { ...meta } }));
  expect(() => registrationBody(bad, '0.1.0')).toThrow(`cannot register calculator-1: ${message}`);
});

describe('an instance that somebody else registered', () => {
  const foreign = { ID: 'web', Service: 'web', Port: 80, Tags: [], Meta: null };

  it('belongs, with the address of its node and the weight that Consul knows', () => {
    expect(isOurs(foreign)).toBe(false);
    expect(instanceOf({ ...foreign, Weights: { Passing: 10, Warning: 1 } }, '10.0.0.1')).toEqual({
      id: 'web',
      service: 'web',
      address: '10.0.0.1',
      port: 80,
      tier: 0,
      weight: 10,
      epoch: 0,
      owner: '',
      tags: [],
      meta: {},
    });
  });

  it.each([
    [['tier-3', 'primary'], 3],
    [['primary'], 0],
    [['backup'], 1],
    [['primary', 'backup'], 0],
    [['tier-x'], 0],
    [[], 0],
  ])('with the tags %j stands in tier %i', (tags, tier) => {
    expect(instanceOf({ ...foreign, Tags: tags }, '').tier).toBe(tier);
  });
});
