// Original file: proto/calculator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Answer as _calculator_v1_Answer, Answer__Output as _calculator_v1_Answer__Output } from '../../calculator/v1/Answer';
import type { MemoryAddRequest as _calculator_v1_MemoryAddRequest, MemoryAddRequest__Output as _calculator_v1_MemoryAddRequest__Output } from '../../calculator/v1/MemoryAddRequest';
import type { MemoryClearRequest as _calculator_v1_MemoryClearRequest, MemoryClearRequest__Output as _calculator_v1_MemoryClearRequest__Output } from '../../calculator/v1/MemoryClearRequest';
import type { MemoryRecallRequest as _calculator_v1_MemoryRecallRequest, MemoryRecallRequest__Output as _calculator_v1_MemoryRecallRequest__Output } from '../../calculator/v1/MemoryRecallRequest';
import type { Operand as _calculator_v1_Operand, Operand__Output as _calculator_v1_Operand__Output } from '../../calculator/v1/Operand';
import type { Operands as _calculator_v1_Operands, Operands__Output as _calculator_v1_Operands__Output } from '../../calculator/v1/Operands';
import type { SeriesRequest as _calculator_v1_SeriesRequest, SeriesRequest__Output as _calculator_v1_SeriesRequest__Output } from '../../calculator/v1/SeriesRequest';

/**
 * Numbers are doubles (IEEE 754 binary64): every language has them, they are what a JavaScript number is, and an
 * answer is bit for bit the same on every server, so that any of them can answer any call. The price is the usual
 * one: 0.1 + 0.2 is not 0.3. A service that counts money should use decimal strings or whole cents.
 * 
 * Errors, for every method:
 * INVALID_ARGUMENT  an operand is not a finite number, or the divisor is zero, or a required field is missing.
 * OUT_OF_RANGE      the operands are fine, but the result does not fit in a double.
 * UNAVAILABLE       the server is going away, or a fault was switched on (see Faults).
 */
export interface CalculatorClient extends grpc.Client {
  /**
   * left + right.
   */
  Add(argument: _calculator_v1_Operands, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Add(argument: _calculator_v1_Operands, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Add(argument: _calculator_v1_Operands, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Add(argument: _calculator_v1_Operands, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  /**
   * left + right.
   */
  add(argument: _calculator_v1_Operands, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  add(argument: _calculator_v1_Operands, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  add(argument: _calculator_v1_Operands, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  add(argument: _calculator_v1_Operands, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  
  /**
   * left / right. A right of 0 or -0 is INVALID_ARGUMENT.
   */
  Divide(argument: _calculator_v1_Operands, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Divide(argument: _calculator_v1_Operands, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Divide(argument: _calculator_v1_Operands, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Divide(argument: _calculator_v1_Operands, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  /**
   * left / right. A right of 0 or -0 is INVALID_ARGUMENT.
   */
  divide(argument: _calculator_v1_Operands, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  divide(argument: _calculator_v1_Operands, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  divide(argument: _calculator_v1_Operands, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  divide(argument: _calculator_v1_Operands, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  
  /**
   * The M+ key: adds to the memory and answers its new value. Not idempotent: each execution counts, also one whose
   * id was seen before. The server writes every execution into its ledger before it answers.
   */
  MemoryAdd(argument: _calculator_v1_MemoryAddRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  MemoryAdd(argument: _calculator_v1_MemoryAddRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  MemoryAdd(argument: _calculator_v1_MemoryAddRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  MemoryAdd(argument: _calculator_v1_MemoryAddRequest, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  /**
   * The M+ key: adds to the memory and answers its new value. Not idempotent: each execution counts, also one whose
   * id was seen before. The server writes every execution into its ledger before it answers.
   */
  memoryAdd(argument: _calculator_v1_MemoryAddRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  memoryAdd(argument: _calculator_v1_MemoryAddRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  memoryAdd(argument: _calculator_v1_MemoryAddRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  memoryAdd(argument: _calculator_v1_MemoryAddRequest, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  
  /**
   * The MC key: sets the memory to 0 and answers 0.
   */
  MemoryClear(argument: _calculator_v1_MemoryClearRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  MemoryClear(argument: _calculator_v1_MemoryClearRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  MemoryClear(argument: _calculator_v1_MemoryClearRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  MemoryClear(argument: _calculator_v1_MemoryClearRequest, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  /**
   * The MC key: sets the memory to 0 and answers 0.
   */
  memoryClear(argument: _calculator_v1_MemoryClearRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  memoryClear(argument: _calculator_v1_MemoryClearRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  memoryClear(argument: _calculator_v1_MemoryClearRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  memoryClear(argument: _calculator_v1_MemoryClearRequest, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  
  /**
   * The MR key: answers the value in the memory.
   */
  MemoryRecall(argument: _calculator_v1_MemoryRecallRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  MemoryRecall(argument: _calculator_v1_MemoryRecallRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  MemoryRecall(argument: _calculator_v1_MemoryRecallRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  MemoryRecall(argument: _calculator_v1_MemoryRecallRequest, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  /**
   * The MR key: answers the value in the memory.
   */
  memoryRecall(argument: _calculator_v1_MemoryRecallRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  memoryRecall(argument: _calculator_v1_MemoryRecallRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  memoryRecall(argument: _calculator_v1_MemoryRecallRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  memoryRecall(argument: _calculator_v1_MemoryRecallRequest, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  
  /**
   * left * right.
   */
  Multiply(argument: _calculator_v1_Operands, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Multiply(argument: _calculator_v1_Operands, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Multiply(argument: _calculator_v1_Operands, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Multiply(argument: _calculator_v1_Operands, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  /**
   * left * right.
   */
  multiply(argument: _calculator_v1_Operands, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  multiply(argument: _calculator_v1_Operands, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  multiply(argument: _calculator_v1_Operands, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  multiply(argument: _calculator_v1_Operands, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  
  /**
   * Answers each operand with the sum of all so far, as on a strip of paper.
   */
  RunningTotal(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_calculator_v1_Operand, _calculator_v1_Answer__Output>;
  RunningTotal(options?: grpc.CallOptions): grpc.ClientDuplexStream<_calculator_v1_Operand, _calculator_v1_Answer__Output>;
  /**
   * Answers each operand with the sum of all so far, as on a strip of paper.
   */
  runningTotal(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_calculator_v1_Operand, _calculator_v1_Answer__Output>;
  runningTotal(options?: grpc.CallOptions): grpc.ClientDuplexStream<_calculator_v1_Operand, _calculator_v1_Answer__Output>;
  
  /**
   * Answers from, from + 1, from + 2, … : count answers, interval_ms apart, the first one at once.
   */
  Series(argument: _calculator_v1_SeriesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_calculator_v1_Answer__Output>;
  Series(argument: _calculator_v1_SeriesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_calculator_v1_Answer__Output>;
  /**
   * Answers from, from + 1, from + 2, … : count answers, interval_ms apart, the first one at once.
   */
  series(argument: _calculator_v1_SeriesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_calculator_v1_Answer__Output>;
  series(argument: _calculator_v1_SeriesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_calculator_v1_Answer__Output>;
  
  /**
   * left - right.
   */
  Subtract(argument: _calculator_v1_Operands, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Subtract(argument: _calculator_v1_Operands, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Subtract(argument: _calculator_v1_Operands, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  Subtract(argument: _calculator_v1_Operands, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  /**
   * left - right.
   */
  subtract(argument: _calculator_v1_Operands, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  subtract(argument: _calculator_v1_Operands, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  subtract(argument: _calculator_v1_Operands, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  subtract(argument: _calculator_v1_Operands, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientUnaryCall;
  
  /**
   * Answers the sum of all operands once the caller has sent the last one; 0 for none.
   */
  Sum(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientWritableStream<_calculator_v1_Operand>;
  Sum(metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientWritableStream<_calculator_v1_Operand>;
  Sum(options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientWritableStream<_calculator_v1_Operand>;
  Sum(callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientWritableStream<_calculator_v1_Operand>;
  /**
   * Answers the sum of all operands once the caller has sent the last one; 0 for none.
   */
  sum(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientWritableStream<_calculator_v1_Operand>;
  sum(metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientWritableStream<_calculator_v1_Operand>;
  sum(options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientWritableStream<_calculator_v1_Operand>;
  sum(callback: grpc.requestCallback<_calculator_v1_Answer__Output>): grpc.ClientWritableStream<_calculator_v1_Operand>;
  
}

/**
 * Numbers are doubles (IEEE 754 binary64): every language has them, they are what a JavaScript number is, and an
 * answer is bit for bit the same on every server, so that any of them can answer any call. The price is the usual
 * one: 0.1 + 0.2 is not 0.3. A service that counts money should use decimal strings or whole cents.
 * 
 * Errors, for every method:
 * INVALID_ARGUMENT  an operand is not a finite number, or the divisor is zero, or a required field is missing.
 * OUT_OF_RANGE      the operands are fine, but the result does not fit in a double.
 * UNAVAILABLE       the server is going away, or a fault was switched on (see Faults).
 */
export interface CalculatorHandlers extends grpc.UntypedServiceImplementation {
  /**
   * left + right.
   */
  Add: grpc.handleUnaryCall<_calculator_v1_Operands__Output, _calculator_v1_Answer>;
  
  /**
   * left / right. A right of 0 or -0 is INVALID_ARGUMENT.
   */
  Divide: grpc.handleUnaryCall<_calculator_v1_Operands__Output, _calculator_v1_Answer>;
  
  /**
   * The M+ key: adds to the memory and answers its new value. Not idempotent: each execution counts, also one whose
   * id was seen before. The server writes every execution into its ledger before it answers.
   */
  MemoryAdd: grpc.handleUnaryCall<_calculator_v1_MemoryAddRequest__Output, _calculator_v1_Answer>;
  
  /**
   * The MC key: sets the memory to 0 and answers 0.
   */
  MemoryClear: grpc.handleUnaryCall<_calculator_v1_MemoryClearRequest__Output, _calculator_v1_Answer>;
  
  /**
   * The MR key: answers the value in the memory.
   */
  MemoryRecall: grpc.handleUnaryCall<_calculator_v1_MemoryRecallRequest__Output, _calculator_v1_Answer>;
  
  /**
   * left * right.
   */
  Multiply: grpc.handleUnaryCall<_calculator_v1_Operands__Output, _calculator_v1_Answer>;
  
  /**
   * Answers each operand with the sum of all so far, as on a strip of paper.
   */
  RunningTotal: grpc.handleBidiStreamingCall<_calculator_v1_Operand__Output, _calculator_v1_Answer>;
  
  /**
   * Answers from, from + 1, from + 2, … : count answers, interval_ms apart, the first one at once.
   */
  Series: grpc.handleServerStreamingCall<_calculator_v1_SeriesRequest__Output, _calculator_v1_Answer>;
  
  /**
   * left - right.
   */
  Subtract: grpc.handleUnaryCall<_calculator_v1_Operands__Output, _calculator_v1_Answer>;
  
  /**
   * Answers the sum of all operands once the caller has sent the last one; 0 for none.
   */
  Sum: grpc.handleClientStreamingCall<_calculator_v1_Operand__Output, _calculator_v1_Answer>;
  
}

export interface CalculatorDefinition extends grpc.ServiceDefinition {
  Add: MethodDefinition<_calculator_v1_Operands, _calculator_v1_Answer, _calculator_v1_Operands__Output, _calculator_v1_Answer__Output>
  Divide: MethodDefinition<_calculator_v1_Operands, _calculator_v1_Answer, _calculator_v1_Operands__Output, _calculator_v1_Answer__Output>
  MemoryAdd: MethodDefinition<_calculator_v1_MemoryAddRequest, _calculator_v1_Answer, _calculator_v1_MemoryAddRequest__Output, _calculator_v1_Answer__Output>
  MemoryClear: MethodDefinition<_calculator_v1_MemoryClearRequest, _calculator_v1_Answer, _calculator_v1_MemoryClearRequest__Output, _calculator_v1_Answer__Output>
  MemoryRecall: MethodDefinition<_calculator_v1_MemoryRecallRequest, _calculator_v1_Answer, _calculator_v1_MemoryRecallRequest__Output, _calculator_v1_Answer__Output>
  Multiply: MethodDefinition<_calculator_v1_Operands, _calculator_v1_Answer, _calculator_v1_Operands__Output, _calculator_v1_Answer__Output>
  RunningTotal: MethodDefinition<_calculator_v1_Operand, _calculator_v1_Answer, _calculator_v1_Operand__Output, _calculator_v1_Answer__Output>
  Series: MethodDefinition<_calculator_v1_SeriesRequest, _calculator_v1_Answer, _calculator_v1_SeriesRequest__Output, _calculator_v1_Answer__Output>
  Subtract: MethodDefinition<_calculator_v1_Operands, _calculator_v1_Answer, _calculator_v1_Operands__Output, _calculator_v1_Answer__Output>
  Sum: MethodDefinition<_calculator_v1_Operand, _calculator_v1_Answer, _calculator_v1_Operand__Output, _calculator_v1_Answer__Output>
}
