/**
 * Failures that roll through a fleet: every quarter of a second some instances of a few more services fall, in a way drawn from the
 * seed, and come back: a process dies, a process hangs until its agent replaces it, a machine has no power for some seconds.
 * A service never loses so many at once that nobody of its best tier is left.
 */
import { PER_SERVICE, type Fleet } from './fleet';

export const WAYS = ['dies', 'hangs', 'dark'] as const;
export type Way = (typeof WAYS)[number];

export interface Failure {
  readonly instance: string;
  readonly way: Way;
  readonly atMs: number;
}

const FIRST_AT_MS = 7_000;
const EVERY_MS = 250;
const BATCHES = 20;
/** Of the services, in each batch. */
const SHARE = 1 / 100;
const MOST_AT_ONCE = 3;
const DARK_MS = [3_000, 8_000] as const;

/** Arms all of them. @returns when the last one begins, ms */
export function rollFailures(fleet: Fleet, onFailure: (failure: Failure) => void): number {
  const { engine, services } = fleet;
  const random = fleet.random.fork(3);
  const names = [...services.keys()];
  // Fisher and Yates: each service once before any is met again.
  for (let left = names.length - 1; left > 0; left -= 1) {
    const other = random.int(0, left);
    [names[left], names[other]] = [names[other] ?? '', names[left] ?? ''];
  }
  const atOnce = Math.max(1, Math.round(names.length * SHARE));
  const batches = Math.min(BATCHES, Math.floor(names.length / atOnce));
  for (let batch = 0; batch < batches; batch += 1) {
    const atMs = FIRST_AT_MS + batch * EVERY_MS;
    for (const name of names.slice(batch * atOnce, (batch + 1) * atOnce)) {
      const way = random.pick(WAYS);
      const first = random.int(0, PER_SERVICE - 1);
      const count = random.int(1, MOST_AT_ONCE);
      const ids = services.get(name) ?? [];
      for (const id of new Set(Array.from({ length: count }, (_, step) => ids[(first + step) % ids.length] ?? ''))) {
        const failure = { instance: id, way, atMs };
        const darkMs = random.between(...DARK_MS);
        engine.at(atMs, () => {
          onFailure(failure);
          fall(fleet, failure, darkMs);
        });
      }
    }
  }
  return FIRST_AT_MS + (batches - 1) * EVERY_MS;
}

function fall({ engine, members }: Fleet, { instance, way }: Failure, darkMs: number): void {
  const host = members.get(instance)?.host;
  if (host === undefined) return;
  if (way === 'dies') host.killServer();
  if (way === 'hangs') host.server.fall('hung');
  if (way !== 'dark') return;
  host.server.isDark = true;
  host.kill(true);
  engine.at(engine.nowMs + darkMs, () => {
    host.server.isDark = false;
    host.start();
  });
}
