/**
 * Decides what a watch does with each answer or failure of the registry: what to tell, what to ask next and when. The
 * loop that executes it holds no rule of its own. It never forgets a view because of an error, never tells the same view
 * twice, and never lets a fast-spinning registry make it spin.
 */
import { backoffMs, type BackoffOptions } from '../time/backoff';
import type { Rng } from '../time/clock';
import { fullBucket, takeToken, type TokenBucket, type TokenBucketOptions } from '../time/token-bucket';
import { judgeEmpty, type EmptyDoubt, type EmptyRuleOptions } from './watch-empty';
import { nextWatchIndex } from './watch-index';

export interface WatchOptions extends EmptyRuleOptions {
  /** How long one blocking query waits for news. */
  readonly waitMs: number;
  /** Pace of plain reads while the registry gives no usable index. */
  readonly pollMs: number;
  readonly backoff: BackoffOptions;
  /**
   * Bounds the requests of one watch. The burst lets the news of a whole failover through undelayed; after it, news is
   * late by at most `refillMs`, and a registry that answers every query at once costs no more than 1000 / refillMs
   * requests a second.
   */
  readonly bucket: TokenBucketOptions;
}

export const DEFAULT_WATCH: WatchOptions = {
  waitMs: 60_000,
  pollMs: 1000,
  confirmEmptyMs: 1000,
  confirmEmptyAfterTroubleMs: 10_000,
  backoff: { initialMs: 100, maxMs: 1000, factor: 2, jitter: 0.5 },
  bucket: { burst: 10, refillMs: 200 },
};

export interface WatchRequest {
  /** Wait so long before asking. */
  readonly delayMs: number;
  /** Ask to be answered when the index differs from this; 0n = at once. */
  readonly index: bigint;
  /** How long the registry may hold the answer back, when `index` is not 0n. */
  readonly waitMs: number;
  readonly consistent: boolean;
}

export interface WatchState {
  readonly request: WatchRequest;
  readonly bucket: TokenBucket;
  /** Hash of the view that was told last. */
  readonly told: string | undefined;
  readonly filled: boolean;
  readonly doubt: EmptyDoubt | undefined;
  readonly failures: number;
  readonly troubleSinceMs: number | undefined;
  readonly troubleEndedAtMs: number | undefined;
}

export type WatchEvent =
  | { readonly type: 'failed' }
  | {
      readonly type: 'answered';
      readonly index: string | undefined;
      /** Equal for equal views. */
      readonly hash: string;
      readonly empty: boolean;
    };

export interface WatchStep {
  readonly state: WatchState;
  /** Tell the view that was just answered. */
  readonly tellSnapshot: boolean;
  /** Tell trouble, with this many failures in a row. */
  readonly trouble: number | undefined;
  /** Tell that the registry is back after so many ms. */
  readonly recoveredAfterMs: number | undefined;
  readonly reason: string;
}

/** A watch that is about to send its first request. */
export function startWatch(options: WatchOptions, nowMs: number): WatchState {
  return {
    request: { delayMs: 0, index: 0n, waitMs: options.waitMs, consistent: false },
    bucket: takeToken(fullBucket(options.bucket, nowMs), options.bucket, nowMs).bucket,
    told: undefined,
    filled: false,
    doubt: undefined,
    failures: 0,
    troubleSinceMs: undefined,
    troubleEndedAtMs: undefined,
  };
}

/** The answer to `state.request` is in. */
export function nextWatchStep(
  state: WatchState,
  event: WatchEvent,
  options: WatchOptions,
  nowMs: number,
  rng: Rng,
): WatchStep {
  return event.type === 'failed' ? afterFailure(state, options, nowMs, rng) : afterAnswer(state, event, options, nowMs);
}

function afterFailure(state: WatchState, options: WatchOptions, nowMs: number, rng: Rng): WatchStep {
  const pause = backoffMs(state.failures, options.backoff, rng);
  const failures = state.failures + 1;
  return {
    // Index 0: whoever answers next may be a registry that lost its contents, and then an old index would wait for ever.
    state: {
      ...ask(state, { delayMs: pause, index: 0n, waitMs: options.waitMs, consistent: false }, options, nowMs),
      failures,
      troubleSinceMs: state.troubleSinceMs ?? nowMs,
    },
    tellSnapshot: false,
    trouble: failures,
    recoveredAfterMs: undefined,
    reason: `no answer, ${failures} in a row: the last view stays, next try in ${Math.round(pause)} ms`,
  };
}

function afterAnswer(
  state: WatchState,
  event: Extract<WatchEvent, { type: 'answered' }>,
  options: WatchOptions,
  nowMs: number,
): WatchStep {
  const { index, verdict } = nextWatchIndex(state.request.index, event.index);
  const shaken = state.troubleSinceMs !== undefined || verdict === 'went-back';
  const answered: WatchState = {
    ...state,
    failures: 0,
    troubleSinceMs: undefined,
    troubleEndedAtMs: shaken ? nowMs : state.troubleEndedAtMs,
  };
  const recoveredAfterMs = state.troubleSinceMs === undefined ? undefined : nowMs - state.troubleSinceMs;
  const pause = verdict === 'unusable' ? options.pollMs : 0;
  const common = { trouble: undefined, recoveredAfterMs };

  const empty = event.empty
    ? judgeEmpty(
        {
          wasFilled: state.filled,
          consistent: state.request.consistent,
          doubt: state.doubt,
          troubleEndedAtMs: answered.troubleEndedAtMs,
        },
        options,
        nowMs,
      )
    : undefined;
  if (empty?.believe === false) {
    // Waiting inside a blocking query: whoever registers again ends the doubt at once.
    const waitMs = Math.max(MIN_WAIT_MS, Math.ceil(empty.askAgainInMs));
    const delayMs = Math.min(pause, empty.askAgainInMs);
    const asking = ask(answered, { delayMs, index, waitMs, consistent: true }, options, nowMs);
    const reason = `an empty answer after a filled one: not believed before a second, consistent one in ${waitMs} ms`;
    return { state: { ...asking, doubt: empty.doubt }, tellSnapshot: false, ...common, reason };
  }

  const asking = ask(answered, { delayMs: pause, index, waitMs: options.waitMs, consistent: false }, options, nowMs);
  const tellSnapshot = event.hash !== state.told;
  return {
    state: { ...asking, doubt: undefined, told: event.hash, filled: !event.empty },
    tellSnapshot,
    ...common,
    reason: `${tellSnapshot ? 'the view changed' : 'the view is unchanged'}; ${INDEX_WORDS[verdict]}`,
  };
}

/** Consul reads a wait of 0 as its default of minutes. */
const MIN_WAIT_MS = 10;

const INDEX_WORDS = {
  usable: 'waiting for the next change',
  'went-back': 'the index went back, reading afresh',
  unusable: 'the registry gives no index, polling',
} as const;

function ask(state: WatchState, request: WatchRequest, options: WatchOptions, nowMs: number): WatchState {
  const { bucket, waitMs } = takeToken(state.bucket, options.bucket, nowMs);
  return { ...state, bucket, request: { ...request, delayMs: Math.max(request.delayMs, waitMs) } };
}
