/**
 * Where first attempts go: not to an endpoint that is known to be bad while a good one is at hand. What is known is counted
 * here anew, from the answers that the caller got and from the catalog that it was told.
 */
import { status } from '@grpc/grpc-js';
import { isServing } from '../../core/domain/health';
import type { Invariant } from './invariant';

const ILLNESS: ReadonlySet<status> = new Set([status.UNAVAILABLE, status.INTERNAL, status.UNKNOWN, status.DATA_LOSS]);
const SETTLED_MS = 3_000;
/** An idle second, a heartbeat of a second, a common silence of two, and some grace. */
const NOTICED_MS = 4_500;

export const noPickOfTheEjected: Invariant = ({ truth, options, violate }) => {
  const streaks = new Map<string, number>();
  const ejectedMs = new Map<string, number>();
  const bad = new Map<string, string>();
  const key = (caller: string, server: string): string => `${caller} ${server}`;
  // Each ejection of a server that stays ill is twice as long, so the last one ends as long after its illness as that was.
  const settledMs = (server: string): number => truth.nowMs - Math.max(SETTLED_MS, truth.lastIllnessMs(server));
  const goodOne = (caller: string): string | undefined =>
    [...truth.hosts.keys()].find((server) => truth.wasGoodSince(caller, server, settledMs(server)));
  const whyBad = (caller: string, server: string): string | undefined => {
    const sinceMs = truth.nowMs - (ejectedMs.get(key(caller, server)) ?? -Infinity);
    // Afterwards it is tried with one call at a time.
    if (sinceMs > 0 && sinceMs < options.ejectionMs) return `its calls failed ${Math.round(sinceMs)} ms ago`;
    const gone = truth.goneForMs(server);
    return gone > NOTICED_MS ? `it has been gone for ${Math.round(gone)} ms` : bad.get(key(caller, server));
  };
  return {
    onConnection: (caller, server) => {
      streaks.delete(key(caller, server));
      ejectedMs.delete(key(caller, server));
    },
    onView: (caller, entries) => {
      for (const { id, health } of entries) {
        if (isServing(health)) bad.delete(key(caller, id));
        else bad.set(key(caller, id), `the catalog says ${health}`);
      }
    },
    onAttemptEnd: ({ caller }, server, code) => {
      const at = key(caller, server);
      if (code === status.OK) streaks.delete(at);
      if (!ILLNESS.has(code)) return;
      const streak = (streaks.get(at) ?? 0) + 1;
      streaks.set(at, streak);
      if (streak === options.ejectAfterFailures) ejectedMs.set(at, truth.nowMs);
    },
    onAttempt: ({ id, caller }, server, isFirst) => {
      const why = isFirst ? whyBad(caller, server) : undefined;
      if (why === undefined) return;
      const good = goodOne(caller);
      if (good !== undefined && good !== server)
        violate(`call ${id} of ${caller} went to ${server} (${why}) instead of ${good}`);
    },
  };
};
