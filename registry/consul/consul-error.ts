/**
 * Decides what an error of Consul means to Understudy. Consul 1.8 says with a 500 and a sentence what newer ones say with
 * a 403 or 404, so the sentence counts too. The message never holds a token.
 */
import { RegistryError, type RegistryErrorCode } from '../port';
import { textIn } from './consul-json';

export interface ConsulRefusal {
  readonly status: number;
  readonly text: string;
}

/** What an HTTP answer other than 2xx means. */
export function refusalCode({ status, text }: ConsulRefusal): RegistryErrorCode {
  if (status === 401 || status === 403 || /ACL not found|permission denied/i.test(text)) return 'permission-denied';
  if (isUnknownInstance({ status, text })) return 'unknown-instance';
  // 409 is a transaction that did not apply; callers that expect it look at the status themselves.
  return status === 400 || status === 405 || status === 413 ? 'invalid-request' : 'unavailable';
}

function isUnknownInstance({ status, text }: ConsulRefusal): boolean {
  return (
    /does not have associated TTL|unknown (check|service)|no service registered with id|checkid ".*" not found/i.test(
      text,
    ) &&
    (status === 404 || status === 500)
  );
}

/** `Consul at 127.0.0.1:8500: <operation>: <what happened>` */
export function refusedError(where: string, operation: string, refusal: ConsulRefusal): RegistryError {
  const text = oneLine(refusal.text);
  const said = text === '' ? `HTTP ${refusal.status}` : `HTTP ${refusal.status}, ${text}`;
  return new RegistryError(refusalCode(refusal), `${where}: ${operation}: ${said}`);
}

/** Nothing usable came back: refused, reset, timed out, broken off. */
export function noAnswerError(where: string, operation: string, error: unknown): RegistryError {
  return new RegistryError('unavailable', `${where}: ${operation}: ${networkWords(error)}`);
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the host name is not known',
  ETIMEDOUT: 'no route within the time limit',
};

function networkWords(error: unknown): string {
  // The HTTP layer puts its own name in front, and wraps errors that it does not take for ones.
  const said = oneLine(textIn(error, 'message')).replace(/^consul: (Error: )?/, '');
  // Several addresses tried leave a code and no message.
  const code = textIn(error, 'code') || (/\bE[A-Z]{5,}\b/.exec(said)?.[0] ?? '');
  return WORDS[code] ?? [said, code].find((text) => text !== '') ?? 'no answer';
}

/** One trimmed line of at most 300 characters. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
