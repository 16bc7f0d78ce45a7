import type { Clock } from '../core/time/clock';
import { sleep } from '../runtime/sleep';
import { systemClock } from '../runtime/system-clock';

/** What a drain needs of a grpc-js `Server`. */
export interface DrainableServer {
  tryShutdown(callback: (error?: Error) => void): void;
  forceShutdown(): void;
}

export interface DrainOptions {
  readonly server: DrainableServer;
  /** A `DrainableHealth`. A plain `HealthImplementation` will not do: its Watch streams never end. */
  readonly health?: { announceDrain(): void; endWatches(): void };
  /** How long callers have to see NOT_SERVING and go elsewhere, while calls are still answered. */
  readonly graceMs: number;
  /** Bound of the whole drain, grace included; keep it below the patience of whoever sends SIGKILL. */
  readonly timeoutMs: number;
  readonly clock?: Clock;
  /** Ends the drain at once: calls in flight are cut. */
  readonly signal?: AbortSignal;
}

export interface DrainReport {
  /** True if every call in flight was answered and every peer has gone. */
  readonly drained: boolean;
  /** One sentence: how it ended. */
  readonly reason: string;
  readonly tookMs: number;
}

/**
 * Takes a server out of service without losing a call, in this order: health says NOT_SERVING, callers get `graceMs`
 * to leave, no new connection is accepted and the open ones get GOAWAY, health watches end, and calls in flight may
 * finish until `timeoutMs` are over; what is left then is cut (callers of grpc-js see CANCELLED). Never rejects, and
 * never ends the process: that is the caller's decision. A peer that is frozen, or whose machine died, answers no
 * GOAWAY: it costs the whole `timeoutMs`, and its socket may hold the process even longer.
 *
 * @throws RangeError if 0 <= graceMs < timeoutMs does not hold.
 */
export function drainServer(options: DrainOptions): Promise<DrainReport> {
  assertDrainTimes(options);
  return drain(options, options.clock ?? systemClock());
}

/** @throws RangeError if 0 <= graceMs < timeoutMs does not hold. */
export function assertDrainTimes({ graceMs, timeoutMs }: Pick<DrainOptions, 'graceMs' | 'timeoutMs'>): void {
  if (graceMs >= 0 && graceMs < timeoutMs && Number.isFinite(timeoutMs)) return;
  throw new RangeError(`a drain needs 0 <= graceMs < timeoutMs: graceMs is ${graceMs}, timeoutMs is ${timeoutMs}`);
}

async function drain(options: DrainOptions, clock: Clock): Promise<DrainReport> {
  const { server, health, graceMs, timeoutMs, signal } = options;
  const startedMs = clock.nowMs();
  health?.announceDrain();
  await sleep(clock, graceMs, signal);

  const closingMs = clock.nowMs();
  // GOAWAY leaves before the watches end, so that a watcher that tries again does not try here.
  const closed = new Promise<Ending>((resolve) => {
    server.tryShutdown((error) => resolve(error === undefined ? 'finished' : `the server said: ${error.message}`));
  });
  health?.endWatches();
  const ending = await within(startedMs + timeoutMs - closingMs, closed, clock, signal);

  const nowMs = clock.nowMs();
  const tookMs = Math.round(nowMs - startedMs);
  if (ending === 'finished') {
    const lastMs = Math.round(nowMs - closingMs);
    const reason = `drained: callers had ${graceMs} ms to leave, and what was in flight ended ${lastMs} ms later`;
    return { drained: true, reason, tookMs };
  }
  server.forceShutdown();
  const why = ending ?? (signal?.aborted === true ? 'told to stop at once' : `still open after ${timeoutMs} ms`);
  return { drained: false, reason: `calls and connections were cut: ${why}`, tookMs };
}

/** `finished`, or what went wrong. */
type Ending = string;

/** What `closed` says, or undefined when the time is over or `signal` aborts first. */
async function within(
  delayMs: number,
  closed: Promise<Ending>,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Ending | undefined> {
  const over = new AbortController();
  const end = (): void => over.abort();
  if (signal?.aborted === true) end();
  signal?.addEventListener('abort', end, { once: true });
  const ending = await Promise.race([closed, sleep(clock, delayMs, over.signal).then(() => undefined)]);
  signal?.removeEventListener('abort', end);
  end();
  return ending;
}
