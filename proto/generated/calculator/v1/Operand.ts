// Original file: proto/calculator.proto


/**
 * One number of many.
 */
export interface Operand {
  'value'?: (number | string);
}

/**
 * One number of many.
 */
export interface Operand__Output {
  'value': (number);
}
