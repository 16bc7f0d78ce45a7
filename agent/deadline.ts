/**
 * Puts a hard end to an operation: by time, by its caller's signal, or by hand. It never waits for an operation that does
 * not listen to its signal, and it leaves no timer and no listener behind.
 */
import type { Clock } from '../core/time/clock';

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The time ran out before the operation was done. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** Runs `operation`; rejects with DeadlineError after `timeoutMs`, or with the signal's reason once that aborts. */
export function withDeadline<T>(options: DeadlineOptions, operation: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, timeoutMs, signal } = options;
  const inner = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const end = (): void => {
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
    };
    const cut = (reason: Error): void => {
      end();
      reject(reason);
      inner.abort(reason);
    };
    const onAbort = (): void => cut(asError(signal.reason));
    const cancelTimer = clock.after(timeoutMs, () => cut(new DeadlineError(timeoutMs)));
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    const run = async (): Promise<T> => operation(inner.signal);
    run().then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(asError(error));
      },
    );
  });
}

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
