/**
 * An immutable answer to "which endpoint takes this attempt": made anew for each change, so that the call path reads no
 * state that something else may change.
 */
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { choose, type Choices } from '../core/pick/choose';
import { runningSums, startingPlace, type PolicyName, type PoolView } from '../core/pick/policy';
import type { Clock, Rng } from '../core/time/clock';
import type { ArrivalsFirst } from './arrivals-first';
import { CallTrace, type Attempt } from './call-trace';
import type { EndpointConnection } from './endpoint-connection';
import { PickResultType, type PickArgs, type PickResult, type Picker } from './grpc-experimental';
import { sayAttempt } from './attempt-subchannel';
import type { RepeatBudget } from './repeat-budget';

/** What successive pickers of a channel share. */
export interface PickerMemory {
  /** Counts picks, so that a change does not start the round anew. */
  nextTurn: number;
  readonly arrivals: ArrivalsFirst;
}

export interface PickerParts {
  readonly choices: Choices<EndpointConnection>;
  /** Of the pool, in its order. */
  readonly weights: readonly number[];
  /** Endpoints in probation: one repeatable call at a time may try them. */
  readonly trials: readonly EndpointConnection[];
  readonly memory: PickerMemory;
  readonly policy: PolicyName;
  readonly rng: Rng;
  readonly clock: Clock;
  readonly budget: RepeatBudget;
}

/** Where the count begins anew; its multiples of the golden ratio are still exact enough. */
const TURNS = 2 ** 31;

/** Also where a connection was lost between the choice and its use: that change brings a new picker, which takes the queue. */
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

  pick({ metadata, extraPickInfo }: PickArgs): PickResult {
    const trace: unknown = extraPickInfo;
    if (!(trace instanceof CallTrace)) return this.next([])?.subchannel?.picked ?? QUEUE;
    if (trace.tried.length > 0) return this.pickAgain(trace, metadata);
    const { memory, clock } = this.parts;
    memory.arrivals.callBegins(trace.startedMs, clock);
    if (!trace.repeatable && memory.arrivals.mustWait()) return QUEUE;
    return give(this.first(trace), trace, metadata);
  }

  /** One more endpoint for a call whose attempts failed or are late; null: there is none, or it may not have it. */
  pickElsewhere(trace: CallTrace): Attempt | null {
    const endpoint = this.nextAwayFrom(trace.tried);
    const subchannel = endpoint?.subchannel ?? null;
    if (endpoint === null || subchannel === null || trace.tried.includes(endpoint)) return null;
    return trace.mayTryMore && this.mayRepeat(trace) ? trace.attemptOn(endpoint, subchannel) : null;
  }

  private first(trace: CallTrace): EndpointConnection | null {
    const mayTry = this.parts.trials.length > 0 && trace.repeatable;
    return (mayTry ? this.trialFor(trace) : undefined) ?? this.nextFor(trace);
  }

  private trialFor({ measured }: CallTrace): EndpointConnection | undefined {
    return this.parts.trials.find((endpoint) => endpoint.vitals.takeTrial(measured));
  }

  /** Doubt is enough to send a repeatable call elsewhere; others stay with the active tier until it is certain. */
  private nextFor(trace: CallTrace): EndpointConnection | null {
    const endpoint = this.next(trace.tried);
    return endpoint !== null && trace.repeatable && endpoint.vitals.doubtful ? this.nextAwayFrom([]) : endpoint;
  }

  /** Rather one that keeps nobody waiting just now. */
  private nextAwayFrom(tried: readonly unknown[]): EndpointConnection | null {
    const { pool, reserve } = this.parts.choices;
    const waited = [...pool, ...reserve].filter((endpoint) => endpoint.isDown || endpoint.vitals.doubtful);
    const endpoint = this.next([...tried, ...waited]);
    return endpoint === null || !waited.includes(endpoint) ? endpoint : this.next(tried);
  }

  isAnybodyUp(): boolean {
    const { pool, reserve } = this.parts.choices;
    return [...pool, ...reserve].some((endpoint) => !endpoint.isDown);
  }

  /** grpc-js tries again, after a pause: wherever there is somebody now. */
  private pickAgain(trace: CallTrace, metadata: Metadata): PickResult {
    // Hedges that the user's own service config asks for are in its hands.
    const isHedge = trace.out > 0;
    if (!isHedge && !trace.mayTryMore) return dropped(trace.lastEnd);
    if (isHedge || this.mayRepeat(trace)) return give(this.next(trace.tried), trace, metadata);
    const details = `${trace.lastEnd.details}; not repeated: too many calls of this target have been repeated lately`;
    return dropped({ ...trace.lastEnd, details });
  }

  /** It costs nothing when all earlier attempts went to endpoints that are down, since then it adds no load. */
  private mayRepeat(trace: CallTrace): boolean {
    return trace.tried.every((earlier) => earlier.isDown) || this.parts.budget.mayRepeat();
  }

  private next(tried: readonly unknown[]): EndpointConnection | null {
    const { choices, memory, policy, rng } = this.parts;
    const start = startingPlace(policy, this.view, memory.nextTurn, rng);
    memory.nextTurn = (memory.nextTurn + 1) % TURNS;
    return choose(choices, start, tried);
  }
}

function give(endpoint: EndpointConnection | null, trace: CallTrace, metadata: Metadata): PickResult {
  const subchannel = endpoint?.subchannel ?? null;
  if (endpoint === null || subchannel === null) return QUEUE;
  const attempt = trace.attemptOn(endpoint, subchannel);
  if (!trace.held) return accompanied(subchannel, trace, attempt);
  sayAttempt(metadata, attempt);
  return subchannel.picked;
}

/** grpc-js tells how the attempt goes. */
function accompanied(subchannel: PickResult['subchannel'], trace: CallTrace, attempt: Attempt): PickResult {
  return {
    pickResultType: PickResultType.COMPLETE,
    subchannel,
    status: null,
    onCallStarted: () => trace.attemptStarted(attempt),
    onCallEnded: (code, details, trailers) => trace.attemptEnded(attempt, code, details, trailers),
  };
}

/** Ends the call: grpc-js does not try again. */
function dropped(end: StatusObject): PickResult {
  return { pickResultType: PickResultType.DROP, subchannel: null, status: end, onCallStarted: null, onCallEnded: null };
}

/** Lets calls wait for the next picker. */
export const queuePicker: Picker = { pick: () => QUEUE };

/** Fails new calls at once, except those that wait for ready, with a message that names every endpoint. */
export function nobodyPicker(details: string): Picker {
  const end = { code: status.UNAVAILABLE, details, metadata: new Metadata() };
  return {
    pick: ({ metadata, extraPickInfo }) => {
      const trace: unknown = extraPickInfo;
      const isNew = !(trace instanceof CallTrace) || trace.tried.length === 0;
      if (isNew && metadata.getOptions().waitForReady !== true) return dropped(end);
      // One that lost its endpoint is worth another try: grpc-js pauses before it.
      return { ...dropped(end), pickResultType: PickResultType.TRANSIENT_FAILURE };
    },
  };
}
