import { until } from '../../../scripts/chaos/until';

describe('until', () => {
  it('resolves with the first truthy value, and takes a failure for "not yet"', async () => {
    let looks = 0;
    const condition = (): string | undefined => {
      looks += 1;
      if (looks === 1) throw new Error('too early');
      return looks === 3 ? 'done' : undefined;
    };
    await expect(until(condition, { what: 'the third look', everyMs: 0 })).resolves.toBe('done');
  });

  it('says what was waited for and what was seen last', async () => {
    await expect(until(() => 0, { what: 'a number', timeoutMs: 5, everyMs: 1 })).rejects.toThrow(
      'waited 5 ms for a number; last seen: 0',
    );
    const failing = (): Promise<boolean> => Promise.reject(new Error('connection refused'));
    await expect(until(failing, { what: 'an answer', timeoutMs: 5, everyMs: 1 })).rejects.toThrow('connection refused');
  });

  it('gives up on a condition that never answers', async () => {
    const silent = (): Promise<boolean> => new Promise(() => undefined);
    await expect(until(silent, { what: 'silence', timeoutMs: 5 })).rejects.toThrow('the condition did not answer');
  });
});
