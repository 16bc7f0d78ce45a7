import fc from 'fast-check';
import { calculate, CalculatorError } from '../../../calculator/calculator';
import type { Operation } from '../../../calculator/calculator';

const OPERATIONS: readonly Operation[] = ['add', 'subtract', 'multiply', 'divide'];

function refusal(operation: Operation, left: number, right: number): CalculatorError {
  try {
    calculate(operation, left, right);
  } catch (error) {
    if (error instanceof CalculatorError) return error;
  }
  throw new Error('it was not refused');
}

describe('the arithmetic of the calculator', () => {
  it.each([
    ['add', 2, 3, 5],
    ['add', 0.1, 0.2, 0.1 + 0.2],
    ['subtract', 2, 3, -1],
    ['multiply', -4, 2.5, -10],
    ['divide', 1, 8, 0.125],
    ['divide', 0, -7, -0],
  ] as const)('answers %s of %d and %d with %d', (operation, left, right, expected) => {
    expect(calculate(operation, left, right)).toBe(expected);
  });

  it.each([0, -0])('refuses to divide by %d as a mistake of the caller', (zero) => {
    const { code, message } = refusal('divide', 6, zero);
    expect(code).toBe('INVALID_ARGUMENT');
    expect(message).toBe('6 / 0: division by zero has no answer');
  });

  it('names the operand that is not a finite number', () => {
    expect(refusal('add', Number.NaN, 1)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'left must be a finite number, it is NaN',
    });
    expect(refusal('multiply', 1, -Infinity)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'right must be a finite number, it is -Infinity',
    });
  });

  it('says OUT_OF_RANGE when the operands are fine and the result is not', () => {
    expect(refusal('multiply', 1e200, 1e200).code).toBe('OUT_OF_RANGE');
    expect(refusal('divide', 1e200, 1e-200).code).toBe('OUT_OF_RANGE');
  });

  it('answers a finite number or refuses with a code, whatever the operands', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPERATIONS), fc.double(), fc.double(), (operation, left, right) => {
        const isFine = Number.isFinite(left) && Number.isFinite(right) && !(operation === 'divide' && right === 0);
        try {
          const value = calculate(operation, left, right);
          return isFine && Number.isFinite(value);
        } catch (error) {
          return error instanceof CalculatorError && error.code === (isFine ? 'OUT_OF_RANGE' : 'INVALID_ARGUMENT');
        }
      }),
    );
  });
});
