/**
 * Tells an HTTP endpoint what happened: one JSON object, signed when there is a secret, tried again a bounded number of times
 * when the endpoint is in trouble. Only the endpoint's origin is ever named: paths of webhooks are often secrets.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { backoffMs } from '../../core/time/backoff';
import type { Clock, Rng } from '../../core/time/clock';
import { sleep } from '../../runtime/sleep';
import { asError } from '../deadline';
import type { Hook, HookContext, HookResult } from './hook';
import { exchange } from './http-exchange';

export interface WebhookOptions {
  readonly url: string;
  /** A file with the key of the signature; read each time, so that it can be changed. */
  readonly secretFile?: string;
  /** Further tries after the first. */
  readonly retries: number;
  readonly timeoutMs: number;
}

/** `sha256=` and the HMAC of the body in hex. */
const SIGNATURE_HEADER = 'x-understudy-signature';

const RETRY = { initialMs: 500, maxMs: 10_000, factor: 2, jitter: 0.5 };
/** Worth another try: https://www.rfc-editor.org/rfc/rfc9110 408, 429 (RFC 6585), and what the server says of itself. */
const MAY_PASS = (status: number): boolean => status === 408 || status === 429 || status >= 500;

export function webhook(options: WebhookOptions, clock: Clock, rng: Rng): Hook {
  const { origin } = new URL(options.url);
  return {
    type: 'webhook',
    what: `tell ${origin}`,
    timeoutMs: options.timeoutMs,
    async run(context, signal) {
      const body = JSON.stringify({ event: 'recovery', ...context, at: new Date(clock.unixMs()).toISOString() });
      const headers = headersOf(options.secretFile, body, context);
      for (let tried = 0; ; tried += 1) {
        const result = await once(options.url, origin, headers, body, signal);
        if (result.ok || !result.again || tried >= options.retries || signal.aborted) {
          const tries = tried === 0 ? '' : ` (try ${tried + 1})`;
          return {
            ok: result.ok,
            how: result.how + tries,
            ...(result.output !== undefined && { output: result.output }),
          };
        }
        await sleep(clock, backoffMs(tried, RETRY, rng), signal);
      }
    },
  };
}

function headersOf(
  secretFile: string | undefined,
  body: string,
  { incident, attempt }: HookContext,
): Readonly<Record<string, string>> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': `${incident}/${attempt}` };
  if (secretFile === undefined) return headers;
  const secret = readFileSync(secretFile, 'utf8').trim();
  return { ...headers, [SIGNATURE_HEADER]: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
}

async function once(
  url: string,
  origin: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<HookResult & { readonly again: boolean }> {
  try {
    const answer = await exchange({ method: 'POST', url: new URL(url), headers, body }, signal);
    const ok = answer.status >= 200 && answer.status < 300;
    const output = ok || answer.body === '' ? {} : { output: answer.body };
    return { ok, again: MAY_PASS(answer.status), how: `${origin} answered ${answer.status}`, ...output };
  } catch (error) {
    return { ok: false, again: true, how: `${origin} cannot be reached: ${asError(error).message}` };
  }
}
