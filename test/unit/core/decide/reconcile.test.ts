import { reconcile } from '../../../../core/decide/reconcile';
import type { Instance } from '../../../../core/domain/instance';

const ours: Instance = {
  id: 'calculator-1',
  service: 'calculator',
  address: '10.0.0.7',
  port: 5001,
  tier: 0,
  weight: 1,
  epoch: 100,
  owner: 'agent-a',
  tags: ['x', 'y'],
  meta: { zone: 'a', version: '1' },
};
const wanted = [{ instance: ours, wanted: true }];
const types = (actual: readonly Instance[] | undefined, desired = wanted) =>
  reconcile(desired, actual, 'agent-a').map(({ type, instanceId }) => `${type} ${instanceId}`);

describe('reconcile', () => {
  it('does nothing before the first full read', () => {
    expect(types(undefined)).toEqual([]);
  });

  it('leaves an equal entry alone, whatever the order of its tags and meta', () => {
    expect(types([{ ...ours, tags: ['y', 'x'], meta: { version: '1', zone: 'a' } }])).toEqual([]);
  });

  it('registers what is missing, unless no probe has passed yet', () => {
    expect(types([])).toEqual(['register calculator-1']);
    expect(types([], [{ instance: ours, wanted: false }])).toEqual([]);
  });

  it.each([
    ['address', { address: '10.0.0.8' }],
    ['port', { port: 5002 }],
    ['tier', { tier: 1 }],
    ['weight', { weight: 5 }],
    ['service', { service: 'other' }],
    ['epoch', { epoch: 99 }],
    ['owner', { owner: 'agent-b' }],
    ['tags', { tags: ['x'] }],
    ['meta', { meta: { zone: 'b', version: '1' } }],
  ])('replaces an entry with another %s and names the difference', (key, change) => {
    const [action] = reconcile(wanted, [{ ...ours, ...change }], 'agent-a');
    expect(action).toMatchObject({ type: 'replace', reason: `the registry has another ${key} for calculator-1` });
  });

  it('puts an entry of an earlier run right even before a probe has passed', () => {
    expect(types([{ ...ours, epoch: 5 }], [{ instance: ours, wanted: false }])).toEqual(['replace calculator-1']);
  });

  it('removes ghosts of the same owner, and never an entry of another owner', () => {
    const ghost = { ...ours, id: 'calculator-0', epoch: 900 };
    expect(types([ours, ghost, { ...ghost, id: 'foreign', owner: 'agent-b' }])).toEqual(['remove calculator-0']);
  });

  it('yields to a newer incarnation under the same id and says that two agents share it', () => {
    const [action] = reconcile(wanted, [{ ...ours, epoch: 101, owner: 'agent-b', port: 6000 }], 'agent-a');
    expect(action?.type).toBe('yield');
    expect(action?.reason).toContain('10.0.0.7:6000 by agent-b: two agents use the same instance id');
  });
});
