/** The streaming methods of the Calculator service, one for each shape of stream. */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { sendUnaryData, ServerDuplexStream, ServerReadableStream, ServerWritableStream } from '@grpc/grpc-js';
import type { Answer } from '../proto/generated/calculator/v1/Answer';
import type { Operand__Output } from '../proto/generated/calculator/v1/Operand';
import type { SeriesRequest__Output } from '../proto/generated/calculator/v1/SeriesRequest';
import { calculate, CalculatorError, requireFinite } from './calculator';
import { statusOf } from './status-of';

type MakeAnswer = (value: number) => Answer;

/** Ends early when the caller is gone. */
export async function series(
  call: ServerWritableStream<SeriesRequest__Output, Answer>,
  answer: MakeAnswer,
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

/** The first operand that cannot be added ends the call. */
export function sum(
  call: ServerReadableStream<Operand__Output, Answer>,
  callback: sendUnaryData<Answer>,
  answer: MakeAnswer,
): void {
  let total = 0;
  let isOver = false;
  call.on('data', ({ value }: Operand__Output) => {
    if (isOver) return;
    try {
      total = calculate('add', total, value);
    } catch (error) {
      isOver = true;
      callback(statusOf(error));
    }
  });
  call.once('end', () => {
    if (!isOver) callback(null, answer(total));
  });
}

export function runningTotal(call: ServerDuplexStream<Operand__Output, Answer>, answer: MakeAnswer): void {
  let total = 0;
  call.on('data', ({ value }: Operand__Output) => {
    try {
      total = calculate('add', total, value);
    } catch (error) {
      call.emit('error', statusOf(error));
      return;
    }
    call.write(answer(total));
  });
  call.once('end', () => call.end());
}

function requireNotNegative(field: string, value: number): void {
  if (value < 0) throw new CalculatorError('INVALID_ARGUMENT', `${field} must be 0 or more, it is ${value}`);
}
