import { calculate, CalculatorError, requireFinite } from './calculator';
import { Turns } from './turns';

/**
 * The memory key of the calculator. It decides what an M+ does and in which order; it never compares ids: the same id
 * twice is executed twice, so that a test can see a duplicate.
 */
export class Memory {
  #value: number;
  readonly #changes = new Turns();

  /** @param value what an earlier process left */
  constructor(value = 0) {
    this.#value = value;
  }

  get value(): number {
    return this.#value;
  }

  /**
   * Adds to the memory, after `record` has written it and its sum down: what cannot be recorded is not executed. Changes
   * are executed one after the other, in the order of the calls.
   *
   * @throws CalculatorError INVALID_ARGUMENT for an empty id or an amount that is not finite, OUT_OF_RANGE for a sum
   * that is not finite; and whatever `record` throws. The memory is then unchanged.
   */
  add(id: string, amount: number, record: (sum: number) => Promise<void>): Promise<number> {
    return this.#changes.take(async () => {
      if (id === '') {
        throw new CalculatorError('INVALID_ARGUMENT', 'id must not be empty: the caller makes one for each wish');
      }
      requireFinite('amount', amount);
      const sum = calculate('add', this.#value, amount);
      await record(sum);
      this.#value = sum;
      return sum;
    });
  }

  /** Forgets, after `record` has written it down. @throws whatever `record` throws; the memory is then unchanged. */
  clear(record: () => Promise<void>): Promise<number> {
    return this.#changes.take(async () => {
      await record();
      this.#value = 0;
      return 0;
    });
  }
}
