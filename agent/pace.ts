/**
 * How fast one server answers its probes, against its own past. Only answers that passed count, and none that was read late
 * because the agent itself stood still.
 */
import { judgeSlowness, NO_ANSWERS, type SlownessState } from '../core/detect/slowness';
import type { LoopWatch } from './loop-watch';
import type { ProbeConfig } from './service-config';

/** Of the time limit: what is far from it is no news, however much more than usual it is. */
const FLOOR_SHARE = 1 / 4;

export class Pace {
  private state: SlownessState = NO_ANSWERS;

  constructor(
    private readonly config: Pick<ProbeConfig, 'slowFactor' | 'timeoutMs'>,
    private readonly loopWatch: Pick<LoopWatch, 'doubtSince'>,
  ) {}

  /** `answers take 240 ms, usually 3 ms`; undefined: as fast as ever. */
  get warning(): string | undefined {
    return this.state.reason;
  }

  /** A check passed that began at `startedMs`. */
  take(tookMs: number, startedMs: number): void {
    const { slowFactor: factor = 0, timeoutMs } = this.config;
    const floorMs = timeoutMs * FLOOR_SHARE;
    if (factor === 0 || this.loopWatch.doubtSince(startedMs, floorMs / 2).doubtful) return;
    this.state = judgeSlowness(this.state, tookMs, startedMs, { factor, floorMs });
  }

  /** A new server process has no past. */
  forget(): void {
    this.state = NO_ANSWERS;
  }
}
