/* eslint-disable jest/no-export -- a suite that the tests of every registry run */
/** What every registry promises to those who follow a setting. */
import type { Registry, SettingEvent } from '../../registry/port';
import { until } from '../../scripts/chaos/until';

export function settingsContract(opened: () => { readonly registry: Registry; readonly service: string }): void {
  describe('settings', () => {
    let registry: Registry;
    let key: string;
    let told: (string | null)[];
    let stopping: AbortController;
    let following: Promise<void>;

    beforeEach(() => {
      const { registry: fresh, service } = opened();
      registry = fresh;
      key = `understudy/test/${service}`;
      told = [];
      stopping = new AbortController();
      const hear = (event: SettingEvent): void => {
        if (event.type === 'text') told.push(event.text);
      };
      following = registry.followSetting(key, hear, stopping.signal);
    });

    afterEach(async () => {
      stopping.abort();
      await following;
      await registry.writeSetting(key, null);
    });

    it('tells that nothing is there, each text that comes, and that it is gone, each once', async () => {
      await until(() => told.length === 1, { what: 'the first answer' });
      for (const [count, text] of ['{"policy":"random"}', 'zwölf', '', null].entries()) {
        await registry.writeSetting(key, text);
        await registry.writeSetting(key, text);
        await until(() => told.length === count + 2, { what: `the text ${String(text)}` });
      }
      expect(told).toEqual([null, '{"policy":"random"}', 'zwölf', '', null]);
    });

    it('tells nothing after it was stopped, and what is there to one who comes later', async () => {
      await until(() => told.length === 1, { what: 'the first answer' });
      stopping.abort();
      await following;
      await registry.writeSetting(key, 'later');
      const late: SettingEvent[] = [];
      const again = new AbortController();
      const followingAgain = registry.followSetting(key, (event) => late.push(event), again.signal);
      await until(() => late.length === 1, { what: 'the text' });
      again.abort();
      await followingAgain;
      expect(late).toEqual([{ type: 'text', text: 'later' }]);
      expect(told).toEqual([null]);
    });
  });
}
