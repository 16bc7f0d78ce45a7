import { parseTarget } from '../../../client/target';

const parse = (path: string, authority = ''): ReturnType<typeof parseTarget> =>
  parseTarget({ scheme: 'consul', authority, path });

describe('a target', () => {
  it('may be a service alone', () => {
    expect(parse('calculator')).toEqual({
      registryAddress: null,
      query: { service: 'calculator' },
      settings: {},
    });
  });

  it('may name the registry, a tag and a datacenter', () => {
    expect(parse('calculator?tag=blue&dc=eu&policy=least_request', '10.0.0.5:8500')).toEqual({
      registryAddress: '10.0.0.5:8500',
      query: { service: 'calculator', tag: 'blue', datacenter: 'eu' },
      settings: { policy: 'least_request' },
    });
  });

  it('is refused with everything that is wrong with it', () => {
    expect(() => parse('a/b?policy=fastest&tga=x&dc=1&dc=2', 'nowhere')).toThrow(
      'target consul://nowhere/a/b?policy=fastest&tga=x&dc=1&dc=2: "a/b" is not a service name; ' +
        'unknown parameter "tga" (allowed: tag, dc, policy); parameter "dc" is given twice; ' +
        '"nowhere" is not host:port of a registry; unknown policy "fastest" (allowed: round_robin, random, weighted_round_robin, least_request)',
    );
  });
});
