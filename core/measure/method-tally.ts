/**
 * Keeps what callers counted of each method and of each instance, by minute, and adds it up. Bounded: a day of minutes, and
 * so many rows a minute; what is beyond counts in the totals of core/measure/call-tally alone.
 */

/** Attempts that ended at one instance. */
export interface InstanceTally {
  readonly attempts: number;
  readonly failures: number;
}

/** Calls of one method that ended, and where its attempts went. */
export interface MethodTally {
  readonly calls: number;
  /** Failures that reached the caller. */
  readonly failuresSeen: number;
  /** Failed attempts that a repetition made good. */
  readonly failuresHidden: number;
  /** By the instance's id. */
  readonly instances: Readonly<Record<string, InstanceTally>>;
}

/** By the method's path, `/calculator.v1.Calculator/Add`. */
export type MethodTallies = Readonly<Record<string, MethodTally>>;

const MINUTE_MS = 60_000;
const MOST_MINUTES = 24 * 60;
const MOST_METHODS = 200;
const MOST_SERVICES = 1000;
const NO_ATTEMPTS: InstanceTally = { attempts: 0, failures: 0 };
const NO_METHOD: MethodTally = { calls: 0, failuresSeen: 0, failuresHidden: 0, instances: {} };

export function addMethods(one: MethodTallies, other: MethodTallies): MethodTallies {
  return merged(one, other, NO_METHOD, (a, b) => ({
    calls: a.calls + b.calls,
    failuresSeen: a.failuresSeen + b.failuresSeen,
    failuresHidden: a.failuresHidden + b.failuresHidden,
    instances: merged(a.instances, b.instances, NO_ATTEMPTS, (x, y) => ({
      attempts: x.attempts + y.attempts,
      failures: x.failures + y.failures,
    })),
  }));
}

export class MethodBook {
  private readonly services = new Map<string, Map<number, MethodTallies>>();

  take(service: string, tallies: MethodTallies, nowUnixMs: number): void {
    const minute = Math.floor(nowUnixMs / MINUTE_MS) * MINUTE_MS;
    const minutes = this.services.get(service) ?? new Map<number, MethodTallies>();
    const all = Object.entries(addMethods(minutes.get(minute) ?? {}, tallies));
    minutes.set(minute, Object.fromEntries(all.slice(0, MOST_METHODS)));
    this.services.set(service, minutes);
    dropFirst(minutes, MOST_MINUTES);
    dropFirst(this.services, MOST_SERVICES);
  }

  /** Of the minutes that touch the time since then, together. */
  since(service: string, sinceUnixMs: number): MethodTallies {
    return [...(this.services.get(service) ?? [])]
      .filter(([atUnixMs]) => atUnixMs + MINUTE_MS > sinceUnixMs)
      .reduce<MethodTallies>((sum, [, tallies]) => addMethods(sum, tallies), {});
  }
}

function merged<T>(
  one: Readonly<Record<string, T>>,
  other: Readonly<Record<string, T>>,
  nothing: T,
  add: (a: T, b: T) => T,
): Readonly<Record<string, T>> {
  const sums = new Map(Object.entries(one));
  for (const [key, value] of Object.entries(other)) sums.set(key, add(sums.get(key) ?? nothing, value));
  return Object.fromEntries(sums);
}

function dropFirst(map: Map<unknown, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
