// Original file: proto/calculator.proto


// Original file: proto/calculator.proto

export const _calculator_v1_Fault_Kind = {
  /**
   * Healthy.
   */
  NONE: 0,
  /**
   * The server accepts every call and never answers; its health service neither. Calls are not executed.
   */
  HANG: 1,
  /**
   * Every answer, that of the health service too, comes delay_ms late. The call itself is executed at once.
   */
  SLOW: 2,
  /**
   * Calculator calls are answered UNAVAILABLE and not executed, while health still says SERVING.
   */
  UNAVAILABLE: 3,
  /**
   * Health says NOT_SERVING, while calls are still answered.
   */
  NOT_SERVING: 4,
  /**
   * Health says NOT_SERVING and every Calculator call is answered UNAVAILABLE.
   */
  SICK: 5,
} as const;

export type _calculator_v1_Fault_Kind =
  /**
   * Healthy.
   */
  | 'NONE'
  | 0
  /**
   * The server accepts every call and never answers; its health service neither. Calls are not executed.
   */
  | 'HANG'
  | 1
  /**
   * Every answer, that of the health service too, comes delay_ms late. The call itself is executed at once.
   */
  | 'SLOW'
  | 2
  /**
   * Calculator calls are answered UNAVAILABLE and not executed, while health still says SERVING.
   */
  | 'UNAVAILABLE'
  | 3
  /**
   * Health says NOT_SERVING, while calls are still answered.
   */
  | 'NOT_SERVING'
  | 4
  /**
   * Health says NOT_SERVING and every Calculator call is answered UNAVAILABLE.
   */
  | 'SICK'
  | 5

export type _calculator_v1_Fault_Kind__Output = typeof _calculator_v1_Fault_Kind[keyof typeof _calculator_v1_Fault_Kind]

export interface Fault {
  'kind'?: (_calculator_v1_Fault_Kind);
  /**
   * For SLOW, and then more than 0; for every other kind it must be 0.
   */
  'delayMs'?: (number);
}

export interface Fault__Output {
  'kind': (_calculator_v1_Fault_Kind__Output);
  /**
   * For SLOW, and then more than 0; for every other kind it must be 0.
   */
  'delayMs': (number);
}
