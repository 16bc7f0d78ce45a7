/**
 * Asks Consul the same question again and again by blocking queries. All rules of when to ask and what to tell stand in
 * core/decide/watch-step.ts; this loop sends, waits and hands on.
 */
import {
  nextWatchStep,
  startWatch,
  type WatchEvent,
  type WatchOptions,
  type WatchRequest,
  type WatchStep,
} from '../../core/decide/watch-step';
import type { Clock, Rng } from '../../core/time/clock';
import { sleep } from '../../runtime/sleep';
import { RegistryError } from '../port';

export interface LoopPorts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly options: WatchOptions;
}

/** One answer, with what the rules need to know of it. */
export interface BlockingAnswer<T> extends Omit<WatchEvent & { type: 'answered' }, 'type'> {
  readonly value: T;
}

export type Asked<T> = { readonly answer: BlockingAnswer<T> } | { readonly error: RegistryError };

/** Runs until `signal` aborts; never rejects. `tell` gets every step, also those that tell nothing new. */
export async function blockingLoop<T>(
  read: (request: WatchRequest, signal: AbortSignal) => Promise<BlockingAnswer<T>>,
  tell: (step: WatchStep, asked: Asked<T>) => void,
  { clock, rng, options }: LoopPorts,
  signal: AbortSignal,
): Promise<void> {
  let state = startWatch(options, clock.nowMs());
  for (;;) {
    if (state.request.delayMs > 0) await sleep(clock, state.request.delayMs, signal);
    const asked = await outcomeOf(read(state.request, signal));
    if (signal.aborted) return;
    const event: WatchEvent = 'answer' in asked ? { ...asked.answer, type: 'answered' } : { type: 'failed' };
    const step = nextWatchStep(state, event, options, clock.nowMs(), rng);
    ({ state } = step);
    tell(step, asked);
  }
}

async function outcomeOf<T>(asking: Promise<BlockingAnswer<T>>): Promise<Asked<T>> {
  try {
    return { answer: await asking };
  } catch (error) {
    return { error: error instanceof RegistryError ? error : new RegistryError('unavailable', String(error)) };
  }
}
