import { status } from '@grpc/grpc-js';
import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { CalculatorError } from './calculator';

/** What a caller is told of an error. */
export function statusOf(error: unknown): Pick<StatusObject, 'code' | 'details'> & Partial<ServiceError> {
  if (error instanceof CalculatorError) return { code: status[error.code], details: error.message };
  return { code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) };
}
