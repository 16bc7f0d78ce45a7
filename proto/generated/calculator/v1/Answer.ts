// Original file: proto/calculator.proto


/**
 * What every method answers.
 */
export interface Answer {
  /**
   * The result, or the memory after the call.
   */
  'value'?: (number | string);
  /**
   * Name of the server that answered, `calculator-1`.
   */
  'instance'?: (string);
}

/**
 * What every method answers.
 */
export interface Answer__Output {
  /**
   * The result, or the memory after the call.
   */
  'value': (number);
  /**
   * Name of the server that answered, `calculator-1`.
   */
  'instance': (string);
}
