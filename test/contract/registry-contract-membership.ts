/* eslint-disable jest/no-export -- a suite that the tests of every registry run */
/** What every registry promises to agents. */
import { RegistryError, type Registry } from '../../registry/port';
import { expectView, Followed } from '../support/followed';
import { instance, registration } from '../support/registrations';
import { until } from '../../scripts/chaos/until';

export function membershipContract(opened: () => { readonly registry: Registry; readonly service: string }): void {
  let registry: Registry;
  let service: string;
  beforeEach(() => ({ registry, service } = opened()));

  const snapshotOf = async (): Promise<string> => {
    const { instances } = await registry.snapshot({ service });
    return instances.map(({ id, health, reason }) => `${id}:${health}: ${reason}`).join('; ');
  };
  const expectSays = async (text: string): Promise<void> => {
    await until(async () => (await snapshotOf()) === text, { what: `the catalog to say "${text}"` });
  };

  describe('membership', () => {
    it('gives back an instance exactly as it was registered', async () => {
      const whole = instance(service, {
        address: '10.1.2.3',
        port: 65_535,
        tier: 2,
        weight: 7,
        tags: ['blue', 'eu'],
        meta: { rack: 'r-17', protocol: 'the user may use this name' },
      });
      await registry.register(registration(whole));
      expect(await registry.registered()).toEqual([whole]);
      const entry = await until(async () => (await registry.snapshot({ service })).instances[0], { what: 'the entry' });
      expect(entry).toEqual({ ...whole, health: 'passing', reason: 'the first probe was good' });
    });

    it.each(['passing', 'warning', 'critical'] as const)('never shows another state than %s first', async (health) => {
      const followed = new Followed(registry, { service });
      await registry.register(registration(instance(service), { health, reason: 'as it is' }));
      await until(() => (followed.view() ?? '') !== '', { what: 'the first view of the instance' });
      const filled = followed.events.find((event) => event.type === 'snapshot' && event.snapshot.instances.length > 0);
      expect(filled).toMatchObject({ snapshot: { instances: [{ health, reason: 'as it is' }] } });
      await followed.end();
    });

    it('replaces an entry in whole when the same id registers again', async () => {
      await registry.register(registration(instance(service, { tags: ['old'], meta: { old: 'yes' } })));
      const moved = instance(service, { address: '10.0.0.9', port: 7000, tier: 1, epoch: 1_700_000_000_001 });
      await registry.register(registration(moved, { health: 'critical', reason: 'moved, and not ready' }));
      expect(await registry.registered()).toEqual([moved]);
      await expectSays(`${moved.id}:critical: moved, and not ready`);
    });

    it('tells what a beat says, with its reason', async () => {
      const { id } = instance(service);
      await registry.register(registration(instance(service)));
      await registry.beat(id, 'critical', 'the probe was refused');
      await expectSays(`${id}:critical: the probe was refused`);
      await registry.beat(id, 'warning', 'slow: p99 is 900 ms');
      await expectSays(`${id}:warning: slow: p99 is 900 ms`);
    });

    it('turns an instance critical when no beat comes, says so, and takes it back with the next beat', async () => {
      const { id } = instance(service);
      const followed = new Followed(registry, { service });
      await registry.register(registration(instance(service), { ttlMs: 2_000, reason: 'last words' }));
      await expectView(followed, `${id}:passing`);
      await expectView(followed, `${id}:critical`);
      expect(await snapshotOf()).toContain('last words');
      const lost = async (): Promise<unknown> => (await registry.snapshot({ service })).instances[0]?.lost;
      expect(await lost()).toBe(true);
      await registry.beat(id, 'passing', 'back');
      await expectView(followed, `${id}:passing`);
      expect(await lost()).toBeUndefined();
      await registry.beat(id, 'critical', 'its agent says so');
      await expectView(followed, `${id}:critical`);
      expect(await lost()).toBeUndefined();
      await followed.end();
    });

    it('rejects a beat and maintenance of an instance that it does not know', async () => {
      const unknown = { code: 'unknown-instance', retryable: true };
      await expect(registry.beat('nobody', 'passing', '')).rejects.toMatchObject(unknown);
      await expect(registry.setMaintenance('nobody', true, '')).rejects.toMatchObject(unknown);
    });

    it('removes an instance, and does not mind when it is gone already', async () => {
      const { id } = instance(service);
      await registry.register(registration(instance(service)));
      await registry.deregister(id);
      await registry.deregister(id);
      await expectSays('');
      await expect(registry.beat(id, 'passing', '')).rejects.toBeInstanceOf(RegistryError);
    });

    it('shows maintenance with its reason above any health, and keeps it over a new registration', async () => {
      const { id } = instance(service);
      await registry.register(registration(instance(service)));
      await registry.setMaintenance(id, true, 'new disk');
      await expectSays(`${id}:maintenance: new disk`);
      await registry.register(registration(instance(service, { weight: 2 })));
      await until(async () => (await registry.snapshot({ service })).instances[0]?.weight === 2, { what: 'weight 2' });
      expect(await snapshotOf()).toBe(`${id}:maintenance: new disk`);
      await registry.setMaintenance(id, false, '');
      await until(async () => (await snapshotOf()).startsWith(`${id}:passing`), { what: 'the end of maintenance' });
    });
  });
}
