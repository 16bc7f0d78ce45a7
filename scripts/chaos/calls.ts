/** Single calls of the Calculator as promises, each with a deadline, so that nobody hangs. They decide nothing. */
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import type { CalculatorClient } from '../../proto/calculator';
import type { Answer__Output } from '../../proto/generated/calculator/v1/Answer';

/** Through the generated method, as users call it: a generic request would carry no idempotency. */
export function add(
  client: CalculatorClient,
  options: { deadlineMs?: number; waitForReady?: boolean } = {},
): Promise<Answer__Output> {
  const metadata = new Metadata({ waitForReady: options.waitForReady ?? false });
  const deadline = Date.now() + (options.deadlineMs ?? 5_000);
  return answered((done) => client.Add({ left: 2, right: 3 }, metadata, { deadline }, done));
}

export function memoryAdd(client: CalculatorClient, id: string, deadlineMs = 5_000): Promise<Answer__Output> {
  return answered((done) => client.MemoryAdd({ id, amount: 1 }, { deadline: Date.now() + deadlineMs }, done));
}

type Done = (error: ServiceError | null, answer?: Answer__Output) => void;

function answered(call: (done: Done) => void): Promise<Answer__Output> {
  return new Promise((resolve, reject) => {
    call((error, answer) => {
      if (error === null && answer !== undefined) resolve(answer);
      else reject(error ?? new Error('answered with nothing'));
    });
  });
}
