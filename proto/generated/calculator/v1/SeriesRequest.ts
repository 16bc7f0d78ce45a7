// Original file: proto/calculator.proto


export interface SeriesRequest {
  'from'?: (number | string);
  /**
   * How many answers, 0 or more.
   */
  'count'?: (number);
  /**
   * Pause between two answers in milliseconds, 0 or more.
   */
  'intervalMs'?: (number);
}

export interface SeriesRequest__Output {
  'from': (number);
  /**
   * How many answers, 0 or more.
   */
  'count': (number);
  /**
   * Pause between two answers in milliseconds, 0 or more.
   */
  'intervalMs': (number);
}
