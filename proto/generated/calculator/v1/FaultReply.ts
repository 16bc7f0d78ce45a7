// Original file: proto/calculator.proto

import type { Fault as _calculator_v1_Fault, Fault__Output as _calculator_v1_Fault__Output } from '../../calculator/v1/Fault';

export interface FaultReply {
  'fault'?: (_calculator_v1_Fault | null);
  /**
   * Name of the server that answered.
   */
  'instance'?: (string);
}

export interface FaultReply__Output {
  'fault': (_calculator_v1_Fault__Output | null);
  /**
   * Name of the server that answered.
   */
  'instance': (string);
}
