import type { Client } from '@grpc/grpc-js';

/** What a call needs of a method definition such as `calculatorService.Add`. */
interface UnaryMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/**
 * One unary call as a promise, with a deadline (5 s unless told) so that no test can hang.
 * Rejects with the ServiceError of grpc-js.
 */
export function unary<Request, Response>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: UnaryMethod<Request, Response>,
  request: Request,
  deadlineMs = 5_000,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + deadlineMs;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, (error, response) => {
      if (error === null && response !== undefined) resolve(response);
      else reject(error ?? new Error(`${path} was answered with nothing`));
    });
  });
}
