// Original file: proto/calculator.proto


/**
 * The two numbers of a sum, difference, product or quotient.
 */
export interface Operands {
  'left'?: (number | string);
  'right'?: (number | string);
}

/**
 * The two numbers of a sum, difference, product or quotient.
 */
export interface Operands__Output {
  'left': (number);
  'right': (number);
}
