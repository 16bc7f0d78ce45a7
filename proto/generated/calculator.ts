import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Answer as _calculator_v1_Answer, Answer__Output as _calculator_v1_Answer__Output } from './calculator/v1/Answer';
import type { CalculatorClient as _calculator_v1_CalculatorClient, CalculatorDefinition as _calculator_v1_CalculatorDefinition } from './calculator/v1/Calculator';
import type { Fault as _calculator_v1_Fault, Fault__Output as _calculator_v1_Fault__Output } from './calculator/v1/Fault';
import type { FaultReply as _calculator_v1_FaultReply, FaultReply__Output as _calculator_v1_FaultReply__Output } from './calculator/v1/FaultReply';
import type { FaultsClient as _calculator_v1_FaultsClient, FaultsDefinition as _calculator_v1_FaultsDefinition } from './calculator/v1/Faults';
import type { GetFaultRequest as _calculator_v1_GetFaultRequest, GetFaultRequest__Output as _calculator_v1_GetFaultRequest__Output } from './calculator/v1/GetFaultRequest';
import type { MemoryAddRequest as _calculator_v1_MemoryAddRequest, MemoryAddRequest__Output as _calculator_v1_MemoryAddRequest__Output } from './calculator/v1/MemoryAddRequest';
import type { MemoryClearRequest as _calculator_v1_MemoryClearRequest, MemoryClearRequest__Output as _calculator_v1_MemoryClearRequest__Output } from './calculator/v1/MemoryClearRequest';
import type { MemoryRecallRequest as _calculator_v1_MemoryRecallRequest, MemoryRecallRequest__Output as _calculator_v1_MemoryRecallRequest__Output } from './calculator/v1/MemoryRecallRequest';
import type { Operand as _calculator_v1_Operand, Operand__Output as _calculator_v1_Operand__Output } from './calculator/v1/Operand';
import type { Operands as _calculator_v1_Operands, Operands__Output as _calculator_v1_Operands__Output } from './calculator/v1/Operands';
import type { SeriesRequest as _calculator_v1_SeriesRequest, SeriesRequest__Output as _calculator_v1_SeriesRequest__Output } from './calculator/v1/SeriesRequest';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  calculator: {
    v1: {
      Answer: MessageTypeDefinition<_calculator_v1_Answer, _calculator_v1_Answer__Output>
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
      Calculator: SubtypeConstructor<typeof grpc.Client, _calculator_v1_CalculatorClient> & { service: _calculator_v1_CalculatorDefinition }
      Fault: MessageTypeDefinition<_calculator_v1_Fault, _calculator_v1_Fault__Output>
      FaultReply: MessageTypeDefinition<_calculator_v1_FaultReply, _calculator_v1_FaultReply__Output>
      /**
       * Makes a healthy server ill, for tests and drills. Served only if the server was started with --allow-faults;
       * otherwise its methods are UNIMPLEMENTED. Whatever the fault, this service itself always answers, so that every
       * fault can be switched off again.
       */
      Faults: SubtypeConstructor<typeof grpc.Client, _calculator_v1_FaultsClient> & { service: _calculator_v1_FaultsDefinition }
      GetFaultRequest: MessageTypeDefinition<_calculator_v1_GetFaultRequest, _calculator_v1_GetFaultRequest__Output>
      MemoryAddRequest: MessageTypeDefinition<_calculator_v1_MemoryAddRequest, _calculator_v1_MemoryAddRequest__Output>
      MemoryClearRequest: MessageTypeDefinition<_calculator_v1_MemoryClearRequest, _calculator_v1_MemoryClearRequest__Output>
      MemoryRecallRequest: MessageTypeDefinition<_calculator_v1_MemoryRecallRequest, _calculator_v1_MemoryRecallRequest__Output>
      Operand: MessageTypeDefinition<_calculator_v1_Operand, _calculator_v1_Operand__Output>
      Operands: MessageTypeDefinition<_calculator_v1_Operands, _calculator_v1_Operands__Output>
      SeriesRequest: MessageTypeDefinition<_calculator_v1_SeriesRequest, _calculator_v1_SeriesRequest__Output>
    }
  }
}

