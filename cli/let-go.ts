/**
 * Waits until the callers of a drained instance have let go of it, as far as its agent can know, and says how long that
 * took and what was still there. It changes nothing: the drain goes on, however the wait ends.
 */
import { judgeLetGo, type CallsSeen } from '../core/decide/let-go';
import type { Clock } from '../core/time/clock';
import { sleep } from '../runtime/sleep';
import { EXIT } from './operator-error';
import { tookText } from './printable';

/** What an agent tells of one instance, as far as it is looked at here. */
export interface DrainFigures {
  readonly id: string;
  readonly drainKnownMs?: number;
  readonly calls?: CallsSeen;
}

export interface LetGoTools {
  readonly clock: Clock;
  /** What the agent tells of its instances now. */
  readonly figures: () => Promise<readonly DrainFigures[]>;
  readonly print: (text: string) => void;
  readonly warn: (text: string) => void;
}

const LOOK_EVERY_MS = 200;

/** @returns 1 when callers still hold on after `waitMs` */
export async function awaitLetGo(
  { clock, figures, print, warn }: LetGoTools,
  id: string,
  waitMs: number,
): Promise<number> {
  const startedMs = clock.nowMs();
  for (;;) {
    const own = (await figures()).find((one) => one.id === id);
    const { name, reason } = judgeLetGo(own?.drainKnownMs, own?.calls);
    const tookMs = clock.nowMs() - startedMs;
    if (name === 'gone') print(`callers have let go after ${tookText(tookMs)}: ${reason}`);
    if (name === 'unknown') print(`nobody knows when callers have let go: ${reason}`);
    if (name !== 'waiting') return EXIT.done;
    if (tookMs >= waitMs) {
      warn(`callers have not let go after ${tookText(tookMs)}: ${reason}; the drain goes on`);
      return EXIT.refused;
    }
    await sleep(clock, Math.min(LOOK_EVERY_MS, waitMs - tookMs));
  }
}
