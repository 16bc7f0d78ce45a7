import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { handleUnaryCall, ServerWritableStream, ServiceError, StatusObject } from '@grpc/grpc-js';
import type { Answer } from '../proto/generated/calculator/v1/Answer';
import type { CalculatorHandlers } from '../proto/generated/calculator/v1/Calculator';
import type { Operands__Output } from '../proto/generated/calculator/v1/Operands';
import type { SeriesRequest__Output } from '../proto/generated/calculator/v1/SeriesRequest';
import { calculate, CalculatorError, requireFinite } from './calculator';
import type { Operation } from './calculator';
import type { Memory } from './memory';

/** Writes down what is about to be executed; throws if it cannot. */
export interface MemoryRecorder {
  add(id: string, amount: number): void;
  clear(): void;
}

/** The methods of the Calculator service: translates between messages and arithmetic, and errors into statuses. */
export function calculatorHandlers(instance: string, memory: Memory, record: MemoryRecorder): CalculatorHandlers {
  const answer = (value: number): Answer => ({ value, instance });
  const unary =
    <Request>(work: (request: Request) => number): handleUnaryCall<Request, Answer> =>
    ({ request }, callback) => {
      let value: number;
      try {
        value = work(request);
      } catch (error) {
        callback(statusOf(error));
        return;
      }
      callback(null, answer(value));
    };
  const arithmetic = (operation: Operation): handleUnaryCall<Operands__Output, Answer> =>
    unary(({ left, right }) => calculate(operation, left, right));

  return {
    Add: arithmetic('add'),
    Subtract: arithmetic('subtract'),
    Multiply: arithmetic('multiply'),
    Divide: arithmetic('divide'),
    MemoryAdd: unary(({ id, amount }) => memory.add(id, amount, () => record.add(id, amount))),
    MemoryRecall: unary(() => memory.value),
    MemoryClear: unary(() => memory.clear(() => record.clear())),
    Series: (call) => void series(call, answer),
  };
}

async function series(
  call: ServerWritableStream<SeriesRequest__Output, Answer>,
  answer: (value: number) => Answer,
): Promise<void> {
  const { from, count, intervalMs } = call.request;
  try {
    requireFinite('from', from);
    requireNotNegative('count', count);
    requireNotNegative('interval_ms', intervalMs);
  } catch (error) {
    call.emit('error', statusOf(error));
    return;
  }
  const gone = new AbortController();
  const { signal } = gone;
  call.once('cancelled', () => gone.abort());
  for (let sent = 0; sent < count && !signal.aborted; sent += 1) {
    if (sent > 0 && intervalMs > 0) await pause(intervalMs, undefined, { signal }).catch(() => undefined);
    if (!call.write(answer(from + sent))) await once(call, 'drain', { signal }).catch(() => undefined);
  }
  call.end();
}

function requireNotNegative(field: string, value: number): void {
  if (value < 0) throw new CalculatorError('INVALID_ARGUMENT', `${field} must be 0 or more, it is ${value}`);
}

function statusOf(error: unknown): Pick<StatusObject, 'code' | 'details'> & Partial<ServiceError> {
  if (error instanceof CalculatorError) return { code: status[error.code], details: error.message };
  return { code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) };
}
