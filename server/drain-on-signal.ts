import { systemClock } from '../runtime/system-clock';
import { assertDrainTimes, drainServer } from './drain-server';
import type { DrainOptions, DrainReport } from './drain-server';

/** What is needed of `process`. */
interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

export interface DrainOnSignalOptions extends Omit<DrainOptions, 'signal'> {
  /** Default: SIGTERM and SIGINT. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Default: `process`. */
  readonly source?: SignalSource;
  readonly onDraining?: (signal: NodeJS.Signals) => void;
  /** The place to close the rest and to exit: a peer that does not answer can hold the process for minutes. */
  readonly onStopped?: (report: DrainReport) => void;
}

/** Ctrl-C under `npm start` arrives twice, from the terminal and from npm: that is one wish, not two. */
const SAME_WISH_MS = 250;

/**
 * Drains the server on the first signal; a second one stops it at once. When the server has stopped the handlers are
 * gone, so that a further signal does what it always does.
 *
 * @returns removes the handlers; may be called at any time, and does not stop a drain that has begun.
 * @throws RangeError at once if 0 <= graceMs < timeoutMs does not hold, not only when the signal comes.
 */
export function drainOnSignal(options: DrainOnSignalOptions): () => void {
  assertDrainTimes(options);
  const { signals = ['SIGTERM', 'SIGINT'], source = process, clock = systemClock(), onDraining, onStopped } = options;
  const atOnce = new AbortController();
  let begunMs: number | undefined;

  const undo = (): void => {
    for (const signal of signals) source.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (begunMs !== undefined) {
      if (clock.nowMs() - begunMs >= SAME_WISH_MS) atOnce.abort();
      return;
    }
    begunMs = clock.nowMs();
    onDraining?.(signal);
    void drainServer({ ...options, clock, signal: atOnce.signal }).then((report) => {
      undo();
      onStopped?.(report);
    });
  };
  for (const signal of signals) source.on(signal, onSignal);
  return undo;
}
