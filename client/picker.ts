/**
 * An immutable answer to "which endpoint takes this call": made anew for each change, so that the call path reads no
 * state that something else may change.
 */
import { Metadata, status } from '@grpc/grpc-js';
import { chooseRoundRobin, type Choices } from '../core/pick/choose';
import { CallTrace } from './call-trace';
import type { EndpointConnection } from './endpoint-connection';
import { PickResultType, type PickArgs, type PickResult, type Picker } from './grpc-experimental';

/** Counts picks; shared by successive pickers of a channel, so that a change does not start the round anew. */
export interface Turn {
  next: number;
}

const QUEUE: PickResult = {
  pickResultType: PickResultType.QUEUE,
  subchannel: null,
  status: null,
  onCallStarted: null,
  onCallEnded: null,
};

export class EndpointPicker implements Picker {
  constructor(
    private readonly choices: Choices<EndpointConnection>,
    private readonly turn: Turn,
  ) {}

  pick({ extraPickInfo }: PickArgs): PickResult {
    const trace: unknown = extraPickInfo;
    const tried = trace instanceof CallTrace ? trace.tried : [];
    const endpoint = chooseRoundRobin(this.choices, this.turn.next, tried);
    const subchannel = endpoint?.subchannel ?? null;
    // Lost between the choice and its use: the change that told us brings a new picker, which takes the queue.
    if (endpoint === null || subchannel === null) return QUEUE;
    this.turn.next = (this.turn.next + 1) % Number.MAX_SAFE_INTEGER;
    if (!(trace instanceof CallTrace)) return complete(subchannel, null, null);
    trace.tried.push(endpoint);
    return complete(
      subchannel,
      () => trace.attemptStarted(),
      (code, details) => trace.attemptEnded(endpoint, code, details),
    );
  }
}

function complete(
  subchannel: NonNullable<PickResult['subchannel']>,
  onCallStarted: PickResult['onCallStarted'],
  onCallEnded: PickResult['onCallEnded'],
): PickResult {
  return { pickResultType: PickResultType.COMPLETE, subchannel, status: null, onCallStarted, onCallEnded };
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
