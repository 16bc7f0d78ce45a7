import { performance } from 'node:perf_hooks';
import type { Clock } from '../core/time/clock';

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
  };
}
