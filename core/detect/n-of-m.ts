/**
 * Decides from probe results whether a server is up: N failures among the last M results turn it down, K passes in a
 * row turn it up again. The gap between the two is the hysteresis that keeps one lost packet from moving traffic.
 * It never looks at a clock: how far apart the results lie is the prober's affair.
 */
import type { BeatHealth } from '../domain/health';

export interface NOfMOptions {
  /** So many failures … */
  readonly fall: number;
  /** … among so many last results turn it down. At least `fall`. */
  readonly of: number;
  /** So many passes in a row turn it up again. */
  readonly rise: number;
}

export interface NOfMState {
  /** `unknown`: a new server, no probe has passed yet. It has no bad past, so one pass is enough. */
  readonly verdict: 'unknown' | 'up' | 'down';
  /** Newest last; at most `of` of them. */
  readonly recent: readonly boolean[];
  readonly passesInRow: number;
}

export interface NOfMStep {
  readonly state: NOfMState;
  /** The verdict is another than before. */
  readonly changed: boolean;
  readonly reason: string;
}

/** Where every new server process starts. */
export const NOTHING_SEEN: NOfMState = { verdict: 'unknown', recent: [], passesInRow: 0 };

/** Takes one result in. `reason` is what the probe said, `SERVING in 1.2 ms`; it ends up inside the reason handed out. */
export function observe(state: NOfMState, ok: boolean, reason: string, options: NOfMOptions): NOfMStep {
  const recent = [...state.recent, ok].slice(-options.of);
  const passesInRow = ok ? state.passesInRow + 1 : 0;
  const stay = (why: string): NOfMStep => ({ state: { ...state, recent, passesInRow }, changed: false, reason: why });
  // A new verdict starts a new window: failures of before must not count towards the next fall.
  const turn = (verdict: 'up' | 'down', why: string): NOfMStep => ({
    state: { verdict, recent: verdict === 'up' ? [true] : [false], passesInRow },
    changed: true,
    reason: why,
  });

  switch (state.verdict) {
    case 'unknown':
      return ok ? turn('up', `first probe passed: ${reason}`) : stay(`no probe has passed yet: ${reason}`);
    case 'up': {
      if (ok) return stay(reason);
      const failures = recent.filter((passed) => !passed).length;
      const counted = `${failures} of the last ${recent.length} probes failed`;
      if (failures >= options.fall) return turn('down', `${counted}: ${reason}`);
      return stay(`${counted}, ${options.fall} of ${options.of} make it critical: ${reason}`);
    }
    case 'down':
      if (!ok) return stay(`still failing: ${reason}`);
      if (passesInRow >= options.rise) return turn('up', `${passesInRow} probes passed in a row: ${reason}`);
      return stay(`${passesInRow} of ${options.rise} passing probes in a row: ${reason}`);
  }
}

/** What the catalog should hear of a server in this state. */
export function healthOf(state: NOfMState): BeatHealth {
  if (state.verdict !== 'up') return 'critical';
  return state.recent.at(-1) === false ? 'warning' : 'passing';
}
