/**
 * grpc.health.v1 on a bare HTTP/2 session: how a call is begun, and what stands in the messages that come back. It keeps
 * nothing and decides nothing about a server.
 */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { service as healthService } from 'grpc-health-check';

// Length-prefixed messages: one byte of flags, four of length (gRPC over HTTP/2, "Length-Prefixed-Message").
const PREFIX_BYTES = 5;
/** A health answer has two bytes, or none. */
export const MOST_MESSAGE_BYTES = 4096;

/**
 * Asks for the health of `service`; empty: of the server as a whole.
 * @throws when the session is closed already
 */
export function askHealth(session: ClientHttp2Session, method: 'Check' | 'Watch', service: string): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/grpc.health.v1.Health/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const message = healthService['Check']?.requestSerialize({ service }) ?? Buffer.alloc(0);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
  return stream;
}

/** Every whole message at the beginning of `bytes`, and what is left; undefined: this is no gRPC, or of no health service. */
export function splitMessages(
  bytes: Buffer,
): { readonly messages: readonly Buffer[]; readonly rest: Buffer } | undefined {
  const messages: Buffer[] = [];
  let rest = bytes;
  while (rest.length >= PREFIX_BYTES) {
    const length = rest.readUInt32BE(1);
    // We never said that we can read compressed messages.
    if (rest[0] !== 0 || length > MOST_MESSAGE_BYTES) return undefined;
    if (rest.length < PREFIX_BYTES + length) break;
    messages.push(rest.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
    rest = rest.subarray(PREFIX_BYTES + length);
  }
  return { messages, rest };
}

/** `SERVING`, `NOT_SERVING`, …; undefined: this is no health answer. */
export function servingStatus(message: Buffer | undefined): string | undefined {
  if (message === undefined) return undefined;
  try {
    const answer = healthService['Check']?.responseDeserialize(message) as { status?: unknown } | undefined;
    return typeof answer?.status === 'string' ? answer.status : undefined;
  } catch {
    return undefined;
  }
}
