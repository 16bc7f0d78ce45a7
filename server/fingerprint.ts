import { createHash } from 'node:crypto';

/**
 * Tells requests apart: two calls with one id must ask for the same. Made of the fields that are set, in the order of
 * their names, so that attempts give one fingerprint also on servers whose proto has a field more.
 *
 * @param request as the deserializer of its method gives it: plain objects, or messages with `serializeBinary`
 */
export function fingerprintOf(path: string, request: unknown): string {
  return createHash('sha256')
    .update(`${path} ${written(request) ?? ''}`)
    .digest('base64url');
}

/** Null for what protobuf does not distinguish from a field that is not set. */
function written(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return writtenScalar(value);
  if (value instanceof Uint8Array) return value.length === 0 ? null : `b${Buffer.from(value).toString('base64')}`;
  if (!Array.isArray(value)) return writtenMessage(value);
  return value.length === 0 ? null : `[${value.map((one) => written(one) ?? '').join(',')}]`;
}

const UNSET: readonly unknown[] = ['', 0, 0n, false, null, undefined];

function writtenScalar(value: unknown): string | null {
  // A zero below zero is not the default, and is written as such.
  if (Object.is(value, -0)) return '-0';
  if (UNSET.includes(value) || typeof value === 'function') return null;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function writtenMessage(message: object): string | null {
  if (isSerializable(message)) return written(message.serializeBinary());
  const fields = Object.entries(message)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, value]) => {
      const text = written(value);
      return text === null ? [] : [`${JSON.stringify(name)}:${text}`];
    });
  return fields.length === 0 ? null : `{${fields.join(',')}}`;
}

function isSerializable(message: object): message is { serializeBinary(): Uint8Array } {
  return 'serializeBinary' in message && typeof message.serializeBinary === 'function';
}
