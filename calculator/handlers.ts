import type { handleUnaryCall, Metadata } from '@grpc/grpc-js';
import type { Answer } from '../proto/generated/calculator/v1/Answer';
import type { CalculatorHandlers } from '../proto/generated/calculator/v1/Calculator';
import type { Operands__Output } from '../proto/generated/calculator/v1/Operands';
import { CALL_ID_KEY } from '../server/index';
import { calculate } from './calculator';
import type { Operation } from './calculator';
import type { Memory } from './memory';
import { statusOf } from './status-of';
import { runningTotal, series, sum } from './streams';

/** An executed MemoryAdd. */
export interface Addition {
  readonly id: string;
  readonly amount: number;
  /** The memory after it. */
  readonly value: number;
  /** Id of the call, if it came with one. */
  readonly call?: string;
}

/** Writes down what is about to be executed; rejects if it cannot. */
export interface MemoryRecorder {
  add(addition: Addition): Promise<void>;
  clear(): Promise<void>;
}

/** The methods of the Calculator service: translates between messages and arithmetic, and errors into statuses. */
export function calculatorHandlers(instance: string, memory: Memory, record: MemoryRecorder): CalculatorHandlers {
  const answer = (value: number): Answer => ({ value, instance });
  const unary =
    <Request>(work: (request: Request, metadata: Metadata) => number): handleUnaryCall<Request, Answer> =>
    ({ request, metadata }, callback) => {
      let value: number;
      try {
        value = work(request, metadata);
      } catch (error) {
        callback(statusOf(error));
        return;
      }
      callback(null, answer(value));
    };
  /** Others are answered while it is written down. */
  const remembered =
    <Request>(work: (request: Request, metadata: Metadata) => Promise<number>): handleUnaryCall<Request, Answer> =>
    ({ request, metadata }, callback) => {
      work(request, metadata).then(
        (value) => callback(null, answer(value)),
        (error: unknown) => callback(statusOf(error)),
      );
    };
  const arithmetic = (operation: Operation): handleUnaryCall<Operands__Output, Answer> =>
    unary(({ left, right }) => calculate(operation, left, right));

  return {
    Add: arithmetic('add'),
    Subtract: arithmetic('subtract'),
    Multiply: arithmetic('multiply'),
    Divide: arithmetic('divide'),
    MemoryAdd: remembered(({ id, amount }, metadata) =>
      memory.add(id, amount, (value) => record.add({ id, amount, value, ...callOf(metadata) })),
    ),
    MemoryRecall: unary(() => memory.value),
    MemoryClear: remembered(() => memory.clear(() => record.clear())),
    Series: (call) => void series(call, answer),
    Sum: (call, callback) => sum(call, callback, answer),
    RunningTotal: (call) => runningTotal(call, answer),
  };
}

function callOf(metadata: Metadata): Pick<Addition, 'call'> {
  const [call] = metadata.get(CALL_ID_KEY);
  return call === undefined ? {} : { call: String(call) };
}
