import { Memory } from '../../../calculator/memory';

const forget = (): void => undefined;

describe('the memory of the calculator', () => {
  it('adds up, also the same id twice, and clears', () => {
    const memory = new Memory();
    expect(memory.value).toBe(0);
    expect(memory.add('a', 2, forget)).toBe(2);
    expect(memory.add('a', 2, forget)).toBe(4);
    expect(memory.add('b', -1.5, forget)).toBe(2.5);
    expect(memory.clear(forget)).toBe(0);
    expect(memory.value).toBe(0);
  });

  it.each([
    ['', 1, 'id must not be empty'],
    ['a', Number.NaN, 'amount must be a finite number'],
    ['a', Number.MAX_VALUE, 'does not fit in a double'],
  ])('neither records nor executes an addition of id "%s" and amount %d: %s', (id, amount, message) => {
    const memory = new Memory();
    memory.add('first', Number.MAX_VALUE, forget);
    const record = jest.fn();
    expect(() => memory.add(id, amount, record)).toThrow(message);
    expect(record).not.toHaveBeenCalled();
    expect(memory.value).toBe(Number.MAX_VALUE);
  });

  it('does not execute what could not be recorded', () => {
    const memory = new Memory();
    const diskIsFull = (): never => {
      throw new Error('no space left');
    };
    expect(() => memory.add('a', 1, diskIsFull)).toThrow('no space left');
    expect(memory.value).toBe(0);
    memory.add('b', 1, forget);
    expect(() => memory.clear(diskIsFull)).toThrow('no space left');
    expect(memory.value).toBe(1);
  });

  it('starts with what an earlier process left', () => {
    expect(new Memory(2.5).add('a', 1, forget)).toBe(3.5);
  });

  it('is unchanged while the record is written', () => {
    const memory = new Memory();
    let seen: number | undefined;
    memory.add('a', 1, () => (seen = memory.value));
    expect(seen).toBe(0);
  });
});
