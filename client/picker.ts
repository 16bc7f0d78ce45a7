/**
 * An immutable answer to "which endpoint takes this attempt": made anew for each change, so that the call path reads no
 * state that something else may change.
 */
import { Metadata, status } from '@grpc/grpc-js';
import { choose, type Choices } from '../core/pick/choose';
import { runningSums, startingPlace, type PolicyName, type PoolView } from '../core/pick/policy';
import type { Clock, Rng } from '../core/time/clock';
import { CallTrace } from './call-trace';
import type { EndpointConnection } from './endpoint-connection';
import { PickResultType, type PickArgs, type PickResult, type Picker } from './grpc-experimental';
import type { RepeatBudget } from './repeat-budget';

/** Counts picks; shared by successive pickers of a channel, so that a change does not start the round anew. */
export interface Turn {
  next: number;
}

export interface PickerParts {
  readonly choices: Choices<EndpointConnection>;
  /** Of the pool, in its order. */
  readonly weights: readonly number[];
  /** Endpoints in probation: one repeatable call at a time may try them. */
  readonly trials: readonly EndpointConnection[];
  readonly turn: Turn;
  readonly policy: PolicyName;
  readonly rng: Rng;
  readonly clock: Clock;
  readonly budget: RepeatBudget;
  /** Offers this picker again to the attempts that it told to wait. */
  readonly again: () => void;
}

/** The event loop reads its sockets before a timer of this length fires. */
const NEXT_TURN_MS = 1;

/** Where the count begins anew; its multiples of the golden ratio are still exact enough. */
const TURNS = 2 ** 31;

const QUEUE: PickResult = {
  pickResultType: PickResultType.QUEUE,
  subchannel: null,
  status: null,
  onCallStarted: null,
  onCallEnded: null,
};

export class EndpointPicker implements Picker {
  private readonly view: PoolView;

  constructor(private readonly parts: PickerParts) {
    const { choices, weights, clock } = parts;
    this.view = {
      size: choices.pool.length,
      weightUpTo: runningSums(weights),
      burdenAt: (place) => {
        const vitals = choices.pool[place]?.vitals;
        return {
          underWay: vitals?.callsUnderWay ?? 0,
          weight: weights[place] ?? 1,
          latencyMs: vitals?.latencyAt(clock.nowMs()) ?? null,
        };
      },
    };
  }

  pick({ extraPickInfo }: PickArgs): PickResult {
    const trace: unknown = extraPickInfo;
    if (!(trace instanceof CallTrace)) return this.give(this.next([]), null);
    return trace.tried.length === 0 ? this.pickFirst(trace) : this.pickAgain(trace);
  }

  private pickFirst(trace: CallTrace): PickResult {
    const { trials } = this.parts;
    const mayTry = trials.length > 0 && trace.repeatable;
    const trial = mayTry ? trials.find((endpoint) => endpoint.vitals.takeTrial()) : undefined;
    return this.give(trial ?? this.nextFor(trace), trace);
  }

  /** Doubt is enough to send a repeatable call elsewhere; others stay with the active tier until it is certain. */
  private nextFor(trace: CallTrace): EndpointConnection | null {
    const endpoint = this.next(trace.tried);
    return endpoint !== null && trace.repeatable && endpoint.vitals.doubtful ? this.next([endpoint]) : endpoint;
  }

  /**
   * A repetition, or a hedge while another attempt is still out: elsewhere, and within the budget. It costs nothing when
   * all earlier attempts went to endpoints that are down, since then it adds no load.
   */
  private pickAgain(trace: CallTrace): PickResult {
    const { notLateForMs } = trace;
    if (notLateForMs > 0) return this.wait(trace, notLateForMs);
    if (!trace.hasListened()) return this.wait(trace, NEXT_TURN_MS);
    const endpoint = this.next(trace.tried);
    const elsewhere = endpoint !== null && !trace.tried.includes(endpoint);
    if (trace.out > 0 && !elsewhere) return this.wait(trace);
    const replaces = trace.tried.every((earlier) => earlier.isDown);
    if (replaces || this.parts.budget.mayRepeat()) return this.give(endpoint, trace);
    return trace.out > 0 ? this.wait(trace) : refused(trace);
  }

  private next(tried: readonly EndpointConnection[]): EndpointConnection | null {
    const { choices, turn, policy, rng } = this.parts;
    const start = startingPlace(policy, this.view, turn.next, rng);
    turn.next = (turn.next + 1) % TURNS;
    return choose(choices, start, tried);
  }

  private wait(trace: CallTrace, atMostMs?: number): PickResult {
    trace.waitForMore(this.parts.again, atMostMs);
    return QUEUE;
  }

  private give(endpoint: EndpointConnection | null, trace: CallTrace | null): PickResult {
    const subchannel = endpoint?.subchannel ?? null;
    // Lost between the choice and its use: the change that told us brings a new picker, which takes the queue.
    if (endpoint === null || subchannel === null) return QUEUE;
    if (trace !== null) return trace.attemptOn(endpoint, subchannel);
    const untraced = { onCallStarted: null, onCallEnded: null };
    return { pickResultType: PickResultType.COMPLETE, subchannel, status: null, ...untraced };
  }
}

/** Ends the call with what its last attempt brought. */
function refused(trace: CallTrace): PickResult {
  const details = `${trace.lastFailure}; not repeated: too many calls of this target have been repeated lately`;
  return {
    pickResultType: PickResultType.DROP,
    subchannel: null,
    status: { code: status.UNAVAILABLE, details, metadata: new Metadata() },
    onCallStarted: null,
    onCallEnded: null,
  };
}

/** Lets calls wait for the next picker. */
export const queuePicker: Picker = { pick: () => QUEUE };

/** Fails calls at once, except those that wait for ready, with a message that names every endpoint. */
export function nobodyPicker(details: string): Picker {
  const end = { code: status.UNAVAILABLE, details, metadata: new Metadata() };
  return {
    pick: () => ({
      pickResultType: PickResultType.TRANSIENT_FAILURE,
      subchannel: null,
      status: end,
      onCallStarted: null,
      onCallEnded: null,
    }),
  };
}
