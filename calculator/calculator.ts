export type Operation = 'add' | 'subtract' | 'multiply' | 'divide';

/** A call that has no answer. The code is the name of a gRPC status. */
export class CalculatorError extends Error {
  override readonly name = 'CalculatorError';

  constructor(
    readonly code: 'INVALID_ARGUMENT' | 'OUT_OF_RANGE',
    message: string,
  ) {
    super(message);
  }
}

const SIGN: Readonly<Record<Operation, string>> = { add: '+', subtract: '-', multiply: '*', divide: '/' };

/**
 * The arithmetic of the service, pure.
 *
 * @throws CalculatorError INVALID_ARGUMENT for operands that are not finite and for a divisor of zero, OUT_OF_RANGE for
 * a result that is not finite.
 */
export function calculate(operation: Operation, left: number, right: number): number {
  const of = `${left} ${SIGN[operation]} ${right}`;
  requireFinite('left', left);
  requireFinite('right', right);
  if (operation === 'divide' && right === 0) {
    throw new CalculatorError('INVALID_ARGUMENT', `${of}: division by zero has no answer`);
  }
  const value = compute(operation, left, right);
  if (Number.isFinite(value)) return value;
  throw new CalculatorError('OUT_OF_RANGE', `${of}: the result does not fit in a double`);
}

/** @throws CalculatorError INVALID_ARGUMENT, naming the field. */
export function requireFinite(field: string, value: number): void {
  if (!Number.isFinite(value)) {
    throw new CalculatorError('INVALID_ARGUMENT', `${field} must be a finite number, it is ${value}`);
  }
}

function compute(operation: Operation, left: number, right: number): number {
  switch (operation) {
    case 'add':
      return left + right;
    case 'subtract':
      return left - right;
    case 'multiply':
      return left * right;
    case 'divide':
      return left / right;
  }
}
