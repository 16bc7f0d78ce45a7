import type { CallOptions, Client, ServiceError } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { unary } from '../../scripts/chaos/unary';

interface HealthReply {
  readonly status: string;
}

const { Check, Watch } = service as unknown as Readonly<Record<'Check' | 'Watch', HealthMethod>>;

interface HealthMethod {
  readonly path: string;
  readonly requestSerialize: (request: { readonly service: string }) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => HealthReply;
}

/** What grpc.health.v1 Check says of a service: `SERVING`, `NOT_SERVING`. Rejects with the ServiceError. */
export async function checkHealth(client: Client, name = '', deadlineMs?: number): Promise<string> {
  return (await unary(client, Check, { service: name }, deadlineMs)).status;
}

/** An open grpc.health.v1 Watch. */
export interface HealthWatch {
  /** Every status so far. */
  readonly seen: readonly string[];
  /** How the stream ended; never rejects. */
  readonly ended: Promise<ServiceError>;
  cancel(): void;
}

export function watchHealth(client: Client, name = '', options: CallOptions = {}): HealthWatch {
  const seen: string[] = [];
  const call = client.makeServerStreamRequest(
    Watch.path,
    Watch.requestSerialize,
    Watch.responseDeserialize,
    { service: name },
    options,
  );
  call.on('data', ({ status }: HealthReply) => seen.push(status));
  const ended = new Promise<ServiceError>((resolve) => call.on('error', resolve));
  return { seen, ended, cancel: () => call.cancel() };
}
