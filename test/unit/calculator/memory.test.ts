import { setImmediate as nextTurn } from 'node:timers/promises';
import { Memory } from '../../../calculator/memory';

const forget = (): Promise<void> => Promise.resolve();

describe('the memory of the calculator', () => {
  it('adds up, also the same id twice, and clears', async () => {
    const memory = new Memory();
    expect(memory.value).toBe(0);
    expect(await memory.add('a', 2, forget)).toBe(2);
    expect(await memory.add('a', 2, forget)).toBe(4);
    expect(await memory.add('b', -1.5, forget)).toBe(2.5);
    expect(await memory.clear(forget)).toBe(0);
    expect(memory.value).toBe(0);
  });

  it.each([
    ['', 1, 'id must not be empty'],
    ['a', Number.NaN, 'amount must be a finite number'],
    ['a', Number.MAX_VALUE, 'does not fit in a double'],
  ])('neither records nor executes an addition of id "%s" and amount %d: %s', async (id, amount, message) => {
    const memory = new Memory();
    await memory.add('first', Number.MAX_VALUE, forget);
    const record = jest.fn(forget);
    await expect(memory.add(id, amount, record)).rejects.toThrow(message);
    expect(record).not.toHaveBeenCalled();
    expect(memory.value).toBe(Number.MAX_VALUE);
  });

  it('does not execute what could not be recorded', async () => {
    const memory = new Memory();
    const diskIsFull = (): Promise<never> => Promise.reject(new Error('no space left'));
    await expect(memory.add('a', 1, diskIsFull)).rejects.toThrow('no space left');
    expect(memory.value).toBe(0);
    await memory.add('b', 1, forget);
    await expect(memory.clear(diskIsFull)).rejects.toThrow('no space left');
    expect(memory.value).toBe(1);
  });

  it('starts with what an earlier process left', async () => {
    expect(await new Memory(2.5).add('a', 1, forget)).toBe(3.5);
  });

  it('is unchanged while the record is written, and the next change waits for it', async () => {
    const memory = new Memory();
    let written = (): void => undefined;
    const slowDisk = (): Promise<void> => new Promise((resolve) => (written = resolve));
    const first = memory.add('a', 1, slowDisk);
    const second = memory.add('b', 2, forget);
    await nextTurn();
    expect(memory.value).toBe(0);
    written();
    expect(await Promise.all([first, second])).toEqual([1, 3]);
  });
});
