import { performance } from 'node:perf_hooks';
import type { Clock } from '../core/time/clock';

/** From the end of a socket to the end of its HTTP/2 session with open streams it takes Node two to five turns. */
const TURNS_OF_AN_ARRIVAL = 6;

/** The machine's own clock. Its timers never keep the process alive by themselves unless `holdsProcess` is asked for. */
export function systemClock(options: { readonly holdsProcess?: boolean } = {}): Clock {
  return {
    nowMs: () => performance.now(),
    unixMs: () => Date.now(),
    after(delayMs, fire) {
      // setTimeout may fire up to 1 ms early against performance.now(); ports promise "never before".
      const timer = setTimeout(fire, Math.ceil(delayMs) + 1);
      if (options.holdsProcess !== true) timer.unref();
      return () => {
        clearTimeout(timer);
      };
    },
    afterArrivals: (fire) => afterTurns(TURNS_OF_AN_ARRIVAL, fire),
  };
}

/** Of the event loop, which reads its sockets once in each. */
function afterTurns(turns: number, fire: () => void): void {
  if (turns === 0) fire();
  else setImmediate(() => afterTurns(turns - 1, fire));
}
