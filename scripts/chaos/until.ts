/**
 * Waits for something real to become true, by looking often. It never sleeps longer than needed, and when it gives up
 * it says what was waited for and what was seen last.
 */
import { inspect } from 'node:util';

export interface UntilOptions {
  /** What is waited for, to be read after "waited for": `the backup to take over`. */
  readonly what: string;
  /** Default 10 000. */
  readonly timeoutMs?: number;
  /** Default 10. */
  readonly everyMs?: number;
}

type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

/** Resolves with the first truthy value of `condition`. One that throws or rejects counts as not yet true. */
export async function until<T>(condition: () => T | Promise<T>, options: UntilOptions): Promise<Truthy<T>> {
  const { what, timeoutMs = 10_000, everyMs = 10 } = options;
  let last: unknown = 'nothing: the condition did not answer';
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      over = true;
      reject(new Error(`waited ${String(timeoutMs)} ms for ${what}; last seen: ${inspect(last, { depth: 4 })}`));
    }, timeoutMs);
  });
  const look = async (): Promise<Truthy<T>> => {
    for (;;) {
      try {
        last = await condition();
        if (last) return last as Truthy<T>;
      } catch (error) {
        last = error;
      }
      if (over) return tooLate;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  };
  try {
    return await Promise.race([look(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
