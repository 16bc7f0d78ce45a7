/**
 * What is promised of tiers: away only for a cause, back only after the hold, and not to and fro for nothing.
 */
import type { Fitness } from '../../core/detect/fitness';
import type { Invariant } from './invariant';

/** The TTL, and time for the news of it. */
const EVIDENCE_MS = 15_000;
const FLAP_WINDOW_MS = 60_000;
/** 3 + 6 + 12 + 24 s: the holds that fit into the window. */
const MOST_CHANGES = 10;

export const noFailoverWithoutEvidence: Invariant = ({ truth, tierOf, violate }) => ({
  onTierChange: (caller, { kind, from, to }, reason) => {
    if (kind !== 'failover') return;
    const innocent = [...truth.hosts.keys()]
      .filter((instance) => tierOf(instance) === from)
      .find((instance) => !truth.hadTroubleSince(caller, instance, truth.nowMs - EVIDENCE_MS));
    if (innocent !== undefined)
      violate(`${caller} left tier ${from} for ${to} though nothing was wrong with ${innocent}: ${reason}`);
  },
});

interface TierView {
  readonly fitness: Map<string, { readonly tier: number; readonly fitness: Fitness }>;
  /** Since when somebody of the tier has been fit. */
  readonly fitSinceMs: Map<number, number>;
  readonly endedMs: Map<number, number>;
  readonly failoversMs: number[];
  active: number | null;
}

export const failbackOnlyAfterTheHold: Invariant = ({ truth, options, tierOf, violate }) => {
  const views = new Map<string, TierView>();
  const viewOf = (caller: string): TierView => {
    const known = views.get(caller);
    if (known !== undefined) return known;
    const fresh = { fitness: new Map(), fitSinceMs: new Map(), endedMs: new Map(), failoversMs: [], active: null };
    views.set(caller, fresh);
    return fresh;
  };
  const isFit = ({ fitness }: TierView, tier: number): boolean =>
    [...fitness.values()].some((one) => one.tier === tier && one.fitness === 'fit');
  const isConnectedTo = (caller: string, tier: number): boolean =>
    [...truth.hosts.keys()].some((id) => tierOf(id) === tier && truth.isConnected(caller, id));
  return {
    onEndpoint: (caller, { id, tier, fitness }) => {
      const view = viewOf(caller);
      view.fitness.set(id, { tier, fitness });
      const { fitSinceMs, endedMs } = view;
      if (isFit(view, tier)) {
        const sinceMs = fitSinceMs.get(tier);
        // One of the tier may fall and another rise at the same moment.
        const broken = endedMs.get(tier) !== undefined && endedMs.get(tier) !== truth.nowMs;
        if (sinceMs === undefined || broken) fitSinceMs.set(tier, truth.nowMs);
        endedMs.delete(tier);
      } else if (fitSinceMs.has(tier)) endedMs.set(tier, endedMs.get(tier) ?? truth.nowMs);
    },
    onTierChange: (caller, { kind, from, to }) => {
      const view = viewOf(caller);
      if (kind === 'failover') view.failoversMs.push(truth.nowMs);
      const left = from !== null && isFit(view, from) && isConnectedTo(caller, from);
      if (kind === 'failback' && left) {
        const recent = view.failoversMs.filter((atMs) => truth.nowMs - atMs < options.flapWindowMs).length;
        const holdMs = Math.min(options.failbackMaxHoldMs, options.failbackHoldMs * 2 ** Math.max(0, recent - 1));
        const heldMs = truth.nowMs - (view.fitSinceMs.get(to) ?? Infinity);
        if (heldMs < holdMs - 1)
          violate(`${caller} went back to tier ${to} after ${Math.round(heldMs)} ms, the hold is ${holdMs} ms`);
      }
      view.active = to;
    },
  };
};

export const flappingIsBounded: Invariant = ({ truth, violate }) => {
  const changesMs = new Map<string, number[]>();
  let disturbancesMs: number[] = [];
  const recentOf = (list: readonly number[]): number[] => list.filter((atMs) => truth.nowMs - atMs < FLAP_WINDOW_MS);
  return {
    onFault: () => disturbancesMs.push(truth.nowMs),
    onServerEnd: () => disturbancesMs.push(truth.nowMs),
    onTierChange: (caller) => {
      const recent = [...recentOf(changesMs.get(caller) ?? []), truth.nowMs];
      changesMs.set(caller, recent);
      disturbancesMs = recentOf(disturbancesMs);
      const most = MOST_CHANGES + 2 * disturbancesMs.length;
      if (recent.length > most) violate(`${caller} changed its tier ${recent.length} times in ${FLAP_WINDOW_MS} ms`);
    },
  };
};
