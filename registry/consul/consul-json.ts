/**
 * Reads Consul's JSON without trusting it: whatever answers on that port may be another program or another version. A
 * field that is missing or of another type becomes an empty value; a whole answer of the wrong shape is an error.
 */
import { RegistryError } from '../port';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectIn(value: unknown, key: string): JsonObject {
  const field = isObject(value) ? value[key] : undefined;
  return isObject(field) ? field : {};
}

export function textIn(value: unknown, key: string): string {
  const field = isObject(value) ? value[key] : undefined;
  return typeof field === 'string' ? field : '';
}

export function numberIn(value: unknown, key: string): number {
  const field = isObject(value) ? value[key] : undefined;
  return typeof field === 'number' ? field : 0;
}

export function listIn(value: unknown, key: string): readonly unknown[] {
  const field = isObject(value) ? value[key] : undefined;
  return Array.isArray(field) ? (field as readonly unknown[]) : [];
}

export function textsIn(value: unknown, key: string): readonly string[] {
  return listIn(value, key).filter((item) => typeof item === 'string');
}

/** A whole answer that must be a list. */
export function answeredList(body: unknown, where: string, operation: string): readonly unknown[] {
  if (Array.isArray(body)) return body as readonly unknown[];
  throw notConsul(where, operation);
}

/** A whole answer that must be an object. */
export function answeredObject(body: unknown, where: string, operation: string): JsonObject {
  if (isObject(body)) return body;
  throw notConsul(where, operation);
}

export function notConsul(where: string, operation: string): RegistryError {
  return new RegistryError('unavailable', `${where}: ${operation}: the answer is not Consul's; is the address right?`);
}
