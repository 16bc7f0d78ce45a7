// Original file: proto/calculator.proto


export interface MemoryAddRequest {
  /**
   * Made by the caller, one per wish (not per attempt); must not be empty. The server does not compare ids: it only
   * writes them into its ledger, where a call that was executed twice can be found.
   */
  'id'?: (string);
  'amount'?: (number | string);
}

export interface MemoryAddRequest__Output {
  /**
   * Made by the caller, one per wish (not per attempt); must not be empty. The server does not compare ids: it only
   * writes them into its ledger, where a call that was executed twice can be found.
   */
  'id': (string);
  'amount': (number);
}
