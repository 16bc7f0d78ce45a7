/**
 * Decides whether an agent believes clients that find its server unfit and ask for its restart. One client alone may be the
 * one that is ill: unless the agent's own probe agrees, so many different ones must say the same, and however many do, a
 * server is not restarted again and again. It never says how a server is restarted.
 */

/** `none`: clients are not heard. `verified`: only with the agent's own probe. `witnesses`: enough of them, also against it. */
export type ClientTrust = 'none' | 'verified' | 'witnesses';

export interface PleaPolicy {
  readonly trust: ClientTrust;
  /** So many different clients must ask where the agent's own probe passes. */
  readonly witnesses: number;
}

export interface Plea {
  /** Whose it is; unique to the process. */
  readonly client: string;
  /** Why that client finds the server unfit. */
  readonly why: string;
}

/** What the agent knows of its server at this moment. */
export interface OwnView {
  /** Why nothing can or need be done; undefined: something may. */
  readonly busy: string | undefined;
  readonly probePasses: boolean;
  /** What its last probe said. */
  readonly reason: string;
}

export interface PleaState {
  readonly heard: readonly { readonly client: string; readonly atMs: number }[];
  /** How often clients were believed, and when last. */
  readonly believed: number;
  readonly believedMs: number;
}

export interface PleaStep {
  readonly state: PleaState;
  readonly act: boolean;
  readonly reason: string;
}

export const NO_PLEA: PleaState = { heard: [], believed: 0, believedMs: -Infinity };

/** Clients that see the same ask within this time of each other. */
const TOGETHER_MS = 120_000;
const FIRST_REST_MS = 10_000;
const LONGEST_REST_MS = 3_600_000;
/** A server that nobody asked for in so long has a clean sheet. */
const FORGOTTEN_MS = 6 * 3_600_000;
const MOST_HEARD = 1000;

export function nextPlea(
  earlier: PleaState,
  { client, why }: Plea,
  own: OwnView,
  policy: PleaPolicy,
  nowMs: number,
): PleaStep {
  const refuse = (state: PleaState, reason: string): PleaStep => ({ state, act: false, reason });
  if (policy.trust === 'none')
    return refuse(earlier, 'this agent does not hear clients; its configuration needs recovery.clients.trust');
  const state = nowMs - earlier.believedMs > FORGOTTEN_MS ? { ...earlier, believed: 0 } : earlier;
  if (own.busy !== undefined) return refuse(state, own.busy);
  const restMs = state.believedMs + restAfterMs(state.believed) - nowMs;
  if (restMs > 0)
    return refuse(
      state,
      `clients were believed ${state.believed} times already; the next time is in ${Math.ceil(restMs / 1000)} s`,
    );
  const others = state.heard.filter((one) => one.client !== client && nowMs - one.atMs < TOGETHER_MS);
  const heard = [...others, { client, atMs: nowMs }].slice(-MOST_HEARD);
  const believe = (agreed: string): PleaStep => ({
    state: { heard: [], believed: state.believed + 1, believedMs: nowMs },
    act: true,
    reason: `client ${client} finds it unfit: ${why}; ${agreed}`,
  });
  if (!own.probePasses) return believe(`the agent's own probe agrees: ${own.reason}`);
  const passes = `the agent's own probe passes: ${own.reason}`;
  if (policy.trust === 'verified') return refuse({ ...state, heard }, passes);
  const said = `${heard.length} of ${policy.witnesses} clients that must agree`;
  if (heard.length < policy.witnesses) return refuse({ ...state, heard }, `${passes}; ${said} have asked`);
  return believe(`${said} have asked, though ${passes}`);
}

/** Doubles each time; before the first there is none. */
function restAfterMs(believed: number): number {
  return believed === 0 ? 0 : Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(believed - 1, 30));
}
