/* eslint-disable jest/no-export -- a suite that the tests of every registry run */
/** What every registry promises to callers. */
import type { Registry } from '../../registry/port';
import { expectView, Followed } from '../support/followed';
import { instance, registration } from '../support/registrations';
import { until } from '../../scripts/chaos/until';

export function catalogContract(opened: () => { readonly registry: Registry; readonly service: string }): void {
  let registry: Registry;
  let service: string;
  beforeEach(() => ({ registry, service } = opened()));

  describe('catalog', () => {
    const three = async (): Promise<void> => {
      await registry.register(registration(instance(service, { id: `${service}-c`, tier: 1 })));
      await registry.register(registration(instance(service, { id: `${service}-b`, tier: 0, tags: ['blue'] })));
      await registry.register(registration(instance(service, { id: `${service}-a`, tier: 1, tags: ['blue'] })));
    };
    const ids = async (tag?: string): Promise<readonly string[]> => {
      const { instances } = await registry.snapshot({ service, ...(tag !== undefined && { tag }) });
      return instances.map(({ id }) => id.slice(service.length + 1));
    };

    it('sorts by tier, then id, and finds by tags of the user and of its own', async () => {
      await three();
      await until(async () => (await ids()).length === 3, { what: 'three instances' });
      expect(await ids()).toEqual(['b', 'a', 'c']);
      expect(await ids('blue')).toEqual(['b', 'a']);
      expect(await ids('primary')).toEqual(['b']);
      expect(await ids('backup')).toEqual(['a', 'c']);
      expect(await ids('tier-1')).toEqual(['a', 'c']);
    });

    it('names its services', async () => {
      await three();
      await until(async () => (await registry.services()).includes(service), { what: 'the name' });
      expect(await registry.services()).toEqual([...(await registry.services())].sort());
    });

    it('answers for a service that nobody registered with an empty view, and tells a watch so', async () => {
      expect((await registry.snapshot({ service })).instances).toEqual([]);
      const followed = new Followed(registry, { service });
      await expectView(followed, '');
      await followed.end();
    });

    it('follows every change of a service, and of one tag', async () => {
      const all = new Followed(registry, { service });
      const blue = new Followed(registry, { service, tag: 'blue' });
      const [a, b, c] = ['a', 'b', 'c'].map((letter) => `${service}-${letter}`);
      await three();
      await expectView(all, `${b!}:passing ${a!}:passing ${c!}:passing`);
      await registry.beat(b!, 'critical', 'ill');
      await registry.deregister(c!);
      await expectView(all, `${b!}:critical ${a!}:passing`);
      await expectView(blue, `${b!}:critical ${a!}:passing`);
      await Promise.all([all.end(), blue.end()]);
    });

    it('tells a late listener the present view, and nobody the same view twice', async () => {
      await registry.register(registration(instance(service)));
      const early = new Followed(registry, { service });
      await expectView(early, `${service}-1:passing`);
      const late = new Followed(registry, { service });
      await expectView(late, `${service}-1:passing`);
      await registry.beat(`${service}-1`, 'passing', 'the first probe was good');
      await registry.beat(`${service}-1`, 'critical', 'ill');
      await expectView(early, `${service}-1:critical`);
      await expectView(late, `${service}-1:critical`);
      expect(late.events).toHaveLength(2);
      await Promise.all([early.end(), late.end()]);
    });

    it('tells the end of the last instance, but not at once', async () => {
      await registry.register(registration(instance(service)));
      const followed = new Followed(registry, { service });
      await expectView(followed, `${service}-1:passing`);
      await registry.deregister(`${service}-1`);
      const before = performance.now();
      await expectView(followed, '');
      expect(performance.now() - before).toBeGreaterThan(500);
      await followed.end();
    });

    it('tells nothing any more once its signal is aborted', async () => {
      const followed = new Followed(registry, { service });
      await expectView(followed, '');
      await followed.end();
      const witness = new Followed(registry, { service });
      await registry.register(registration(instance(service)));
      await expectView(witness, `${service}-1:passing`);
      expect(followed.view()).toBe('');
      await witness.end();
    });
  });
}
