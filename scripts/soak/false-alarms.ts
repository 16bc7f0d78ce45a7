/**
 * Decides from what was seen of servers that nobody harmed whether anybody cried wolf: a warning is no alarm, since it
 * moves no calls. Whoever saw nothing has proven nothing, so silence is a fault too. Pure.
 */
import type { Snapshot } from '../../core/domain/snapshot';

/** Of one instance, while nothing was wrong with it. */
export interface Observed {
  readonly id: string;
  readonly probes: number;
  readonly failedProbes: number;
  /** Failed probes that its agent blamed on itself. */
  readonly spared: number;
  /** How often the catalog turned to each. */
  readonly warnings: number;
  readonly criticals: number;
  readonly missing: number;
  readonly restarts: number;
  readonly incidents: number;
  readonly beats: number;
  readonly longestBeatGapMs: number;
}

/** @returns what was wrong; empty when every alarm was silent, and was there to be heard */
export function falseAlarmsOf(observed: readonly Observed[]): readonly string[] {
  const times = (id: string, what: string, count: number): string | false =>
    count > 0 && `${id}: ${what} ${count} times`;
  return observed.flatMap(({ id, probes, beats, criticals, missing, restarts, incidents }) =>
    [
      probes === 0 && `${id}: nobody probed it`,
      beats === 0 && `${id}: nobody beat for it`,
      times(id, 'not passing in the catalog', criticals),
      times(id, 'missing from the catalog', missing),
      times(id, 'restarted', restarts),
      times(id, 'accused by an incident', incidents),
    ].filter((fault) => fault !== false),
  );
}

type Sight = 'passing' | 'warning' | 'critical' | 'missing';

/** Counts what the catalog turned to, for each instance that should be in it; all are passing when it begins. */
export class CatalogTally {
  private readonly sights = new Map<string, Sight>();
  private readonly turns = new Map<string, number>();

  constructor(private readonly ids: readonly string[]) {}

  /** @returns what changed, with the catalog's own reason */
  take({ instances }: Pick<Snapshot, 'instances'>): readonly string[] {
    return this.ids.flatMap((id) => {
      const entry = instances.find((one) => one.id === id);
      const sight = sightOf(entry?.health);
      if (sight === this.now(id)) return [];
      this.sights.set(id, sight);
      this.turns.set(`${id} ${sight}`, this.count(id, sight) + 1);
      return [`${id} is ${sight}: ${entry?.reason ?? 'it is not in the catalog'}`];
    });
  }

  now(id: string): Sight {
    return this.sights.get(id) ?? 'passing';
  }

  of(id: string): Pick<Observed, 'warnings' | 'criticals' | 'missing'> {
    const [warnings, criticals, missing] = (['warning', 'critical', 'missing'] as const).map((sight) =>
      this.count(id, sight),
    ) as [number, number, number];
    return { warnings, criticals, missing };
  }

  private count(id: string, sight: Sight): number {
    return this.turns.get(`${id} ${sight}`) ?? 0;
  }
}

/** Maintenance that nobody asked for takes the calls away as well as an illness does. */
function sightOf(health: Snapshot['instances'][number]['health'] | undefined): Sight {
  if (health === undefined) return 'missing';
  return health === 'maintenance' ? 'critical' : health;
}

/** How regularly each instance is beaten for, from `startMs` on. */
export class BeatTally {
  private readonly beats = new Map<
    string,
    { readonly count: number; readonly lastMs: number; readonly gapMs: number }
  >();

  constructor(private readonly startMs: number) {}

  beat(id: string, nowMs: number): void {
    this.beats.set(id, this.until(id, nowMs, 1));
  }

  /** The time since the last beat counts as a gap too. */
  of(id: string, nowMs: number): Pick<Observed, 'beats' | 'longestBeatGapMs'> {
    const { count, gapMs } = this.until(id, nowMs, 0);
    return { beats: count, longestBeatGapMs: gapMs };
  }

  private until(id: string, nowMs: number, more: number) {
    const { count, lastMs, gapMs } = this.beats.get(id) ?? { count: 0, lastMs: this.startMs, gapMs: 0 };
    return { count: count + more, lastMs: nowMs, gapMs: Math.max(gapMs, nowMs - lastMs) };
  }
}
