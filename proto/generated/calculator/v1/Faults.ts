// Original file: proto/calculator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { Fault as _calculator_v1_Fault, Fault__Output as _calculator_v1_Fault__Output } from '../../calculator/v1/Fault';
import type { FaultReply as _calculator_v1_FaultReply, FaultReply__Output as _calculator_v1_FaultReply__Output } from '../../calculator/v1/FaultReply';
import type { GetFaultRequest as _calculator_v1_GetFaultRequest, GetFaultRequest__Output as _calculator_v1_GetFaultRequest__Output } from '../../calculator/v1/GetFaultRequest';

/**
 * Makes a healthy server ill, for tests and drills. Served only if the server was started with --allow-faults;
 * otherwise its methods are UNIMPLEMENTED. Whatever the fault, this service itself always answers, so that every
 * fault can be switched off again.
 */
export interface FaultsClient extends grpc.Client {
  /**
   * The fault that is on now.
   */
  GetFault(argument: _calculator_v1_GetFaultRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  GetFault(argument: _calculator_v1_GetFaultRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  GetFault(argument: _calculator_v1_GetFaultRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  GetFault(argument: _calculator_v1_GetFaultRequest, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  /**
   * The fault that is on now.
   */
  getFault(argument: _calculator_v1_GetFaultRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  getFault(argument: _calculator_v1_GetFaultRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  getFault(argument: _calculator_v1_GetFaultRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  getFault(argument: _calculator_v1_GetFaultRequest, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  
  /**
   * Replaces the fault; calls that arrive from now on meet it.
   */
  SetFault(argument: _calculator_v1_Fault, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  SetFault(argument: _calculator_v1_Fault, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  SetFault(argument: _calculator_v1_Fault, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  SetFault(argument: _calculator_v1_Fault, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  /**
   * Replaces the fault; calls that arrive from now on meet it.
   */
  setFault(argument: _calculator_v1_Fault, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  setFault(argument: _calculator_v1_Fault, metadata: grpc.Metadata, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  setFault(argument: _calculator_v1_Fault, options: grpc.CallOptions, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  setFault(argument: _calculator_v1_Fault, callback: grpc.requestCallback<_calculator_v1_FaultReply__Output>): grpc.ClientUnaryCall;
  
}

/**
 * Makes a healthy server ill, for tests and drills. Served only if the server was started with --allow-faults;
 * otherwise its methods are UNIMPLEMENTED. Whatever the fault, this service itself always answers, so that every
 * fault can be switched off again.
 */
export interface FaultsHandlers extends grpc.UntypedServiceImplementation {
  /**
   * The fault that is on now.
   */
  GetFault: grpc.handleUnaryCall<_calculator_v1_GetFaultRequest__Output, _calculator_v1_FaultReply>;
  
  /**
   * Replaces the fault; calls that arrive from now on meet it.
   */
  SetFault: grpc.handleUnaryCall<_calculator_v1_Fault__Output, _calculator_v1_FaultReply>;
  
}

export interface FaultsDefinition extends grpc.ServiceDefinition {
  GetFault: MethodDefinition<_calculator_v1_GetFaultRequest, _calculator_v1_FaultReply, _calculator_v1_GetFaultRequest__Output, _calculator_v1_FaultReply__Output>
  SetFault: MethodDefinition<_calculator_v1_Fault, _calculator_v1_FaultReply, _calculator_v1_Fault__Output, _calculator_v1_FaultReply__Output>
}
