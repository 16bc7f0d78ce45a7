/**
 * What callers are promised: an unsafe call is executed once at most, a safe one is not lost while a good server is at hand, and
 * repetitions stay within their bounds.
 */
import { status } from '@grpc/grpc-js';
import type { Invariant } from './invariant';

/** So long a server must have been good before a call, so that the caller had time to notice. */
const SETTLED_MS = 1_500;

export const noUnsafeCallTwice: Invariant = ({ violate }) => {
  const unsafe = new Map<number, string | null>();
  return {
    onCall: ({ id, isSafe }) => {
      if (!isSafe) unsafe.set(id, null);
    },
    onExecution: ({ call, server }) => {
      const before = unsafe.get(call);
      if (before === undefined) return;
      if (before !== null) violate(`unsafe call ${call} was executed by ${before}, and again by ${server}`);
      unsafe.set(call, server);
    },
  };
};

export const noSafeCallLost: Invariant = ({ truth, violate }) => ({
  onCallEnd: ({ id, caller, isSafe, startedMs }, { code, details }) => {
    if (!isSafe || code === status.OK) return;
    if (details.includes('not repeated: too many')) return;
    const good = [...truth.hosts.keys()].find((server) => truth.wasGoodSince(caller, server, startedMs - SETTLED_MS));
    if (good !== undefined) {
      violate(
        `safe call ${id} of ${caller} was lost (${status[code]}: ${details}), though ${good} was good all the time`,
      );
    }
  },
});

export const attemptsAreBounded: Invariant = ({ options, violate }) => {
  const sent = new Map<number, number>();
  return {
    onAttempt: ({ id, isSafe }) => {
      const attempts = (sent.get(id) ?? 0) + 1;
      sent.set(id, attempts);
      // A stream that a server refused was not executed, and is sent once more whatever the call is.
      const most = (isSafe ? options.maxAttempts : 1) + 1;
      if (attempts > most) violate(`call ${id} was sent ${attempts} times, ${most} is the most`);
    },
  };
};

/** The window of the budget (client/options.ts). */
const WINDOW_MS = 10_000;

/** A budget may refuse only what exceeds it, and repetitions to servers that are up must not exceed it. */
export const budgetIsKept: Invariant = ({ truth, options, violate }) => {
  const calls = new Map<string, number[]>();
  const repeats = new Map<string, number[]>();
  const count = (of: Map<string, number[]>, caller: string): number[] => {
    const recent = (of.get(caller) ?? []).filter((atMs) => truth.nowMs - atMs < WINDOW_MS);
    of.set(caller, recent);
    return recent;
  };
  const limit = (caller: string): number =>
    count(calls, caller).length * options.repeatShare + (options.repeatsPerSecond * WINDOW_MS) / 1_000;
  return {
    onCall: ({ caller }) => void count(calls, caller).push(truth.nowMs),
    onAttempt: ({ caller }, _server, isFirst) => {
      if (!isFirst) count(repeats, caller).push(truth.nowMs);
    },
    onCallEnd: ({ id, caller }, { details }) => {
      if (!details.includes('not repeated: too many')) return;
      const made = count(repeats, caller).length;
      // Slices of a tenth of the window, and hedges that waited in vain, blur the count.
      if (made < 0.7 * limit(caller))
        violate(`call ${id} was refused a repetition after only ${made} in ${WINDOW_MS} ms`);
    },
  };
};
