/**
 * A connection as grpc-js's calls see it: one that may be sent again is looked after from its beginning
 * (client/repeatable-call), all others go straight to the wire. It also knows the streams that have begun, so that they can be
 * ended when the connection is given up: nobody else would ever tell their callers.
 */
import { status, type Metadata } from '@grpc/grpc-js';
import type { Clock } from '../core/time/clock';
import type { Attempt, Connection } from './call-trace';
import {
  BaseSubchannelWrapper,
  PickResultType,
  type CallEnd,
  type CallListener,
  type PickResult,
  type RealSubchannel,
  type SubchannelCall,
  type SubchannelInterface,
} from './grpc-experimental';
import { streamsAnswers, type MethodSafety } from './method-safety';
import { RepeatableCall } from './repeatable-call';
import type { SecondAttempts } from './second-attempts';

export interface SubchannelPorts {
  readonly safety: MethodSafety;
  readonly secondAttempts: SecondAttempts;
  readonly clock: Clock;
  /** A stream of answers is opened. @returns to be told when its first message is here */
  readonly onStream: () => () => void;
}

/** grpc-js creates a call with the very metadata it picked with: so the pick can say which attempt it is. */
const ATTEMPT = Symbol('understudy attempt');

interface Picked {
  [ATTEMPT]?: Attempt;
}

export function sayAttempt(metadata: Metadata, attempt: Attempt): void {
  (metadata as Metadata & Picked)[ATTEMPT] = attempt;
}

export class AttemptSubchannel extends BaseSubchannelWrapper implements Connection {
  private readonly streams = new Set<OpenStream>();
  private readonly forCalls: CallTaker;
  /** The same for all calls whose attempts tell of themselves, or are not watched. */
  readonly picked: PickResult = {
    pickResultType: PickResultType.COMPLETE,
    subchannel: this,
    status: null,
    onCallStarted: null,
    onCallEnded: null,
  };

  constructor(
    child: SubchannelInterface,
    private readonly ports: SubchannelPorts,
  ) {
    super(child);
    this.forCalls = new CallTaker(this, ports.secondAttempts, ports.clock);
  }

  /** Ends the streams that have brought messages already, with UNAVAILABLE. */
  endStreams(details: string): void {
    for (const stream of [...this.streams]) stream.end(details);
  }

  /** What grpc-js makes its calls on: it asks for no more than that, and compares it with others. */
  override getRealSubchannel(): RealSubchannel {
    return this.forCalls as unknown as RealSubchannel;
  }

  /** One attempt, on the wire at once. */
  open(metadata: Metadata, host: string, path: string, listener: CallListener, callId?: number): SubchannelCall {
    const real = super.getRealSubchannel();
    if (!streamsAnswers(this.ports.safety.shapeOf(path))) {
      return real.createCall(metadata, host, path, new Passage(listener), callId);
    }
    const stream: OpenStream = new OpenStream(listener, this.ports.onStream(), () => this.streams.delete(stream));
    const call = real.createCall(metadata, host, path, stream, callId);
    stream.call = call;
    this.streams.add(stream);
    return call;
  }
}

/** An object of its own: one that inherited from grpc-js's subchannel would make each call on that a slow one. */
class CallTaker {
  constructor(
    private readonly connection: Connection,
    private readonly secondAttempts: SecondAttempts,
    private readonly clock: Clock,
  ) {}

  createCall(metadata: Metadata, host: string, path: string, listener: CallListener, callId?: number): SubchannelCall {
    const attempt = (metadata as Metadata & Picked)[ATTEMPT];
    if (attempt === undefined) return this.connection.open(metadata, host, path, listener, callId);
    return new RepeatableCall({ metadata, host, path, listener, callId }, attempt, this.secondAttempts, this.clock);
  }
}

/**
 * Tells a call what its attempt brings, and lets go of it at the end: Node keeps the HTTP/2 stream of an ended attempt until
 * the next full garbage collection, and all that hangs on it, the whole call, would be copied again and again by the small ones.
 */
class Passage implements CallListener {
  constructor(private listener: CallListener | null) {}

  onReceiveMetadata(headers: Metadata): void {
    this.listener?.onReceiveMetadata(headers);
  }

  onReceiveMessage(message: unknown): void {
    this.listener?.onReceiveMessage(message);
  }

  onReceiveStatus(end: CallEnd): void {
    const { listener } = this;
    this.listener = null;
    listener?.onReceiveStatus(end);
  }
}

class OpenStream extends Passage {
  call: SubchannelCall | null = null;
  private hasBegun = false;

  constructor(
    listener: CallListener,
    private readonly onBegun: () => void,
    private readonly onEnd: () => void,
  ) {
    super(listener);
  }

  end(details: string): void {
    if (this.hasBegun) this.call?.cancelWithStatus(status.UNAVAILABLE, details);
  }

  override onReceiveMessage(message: unknown): void {
    if (!this.hasBegun) this.onBegun();
    this.hasBegun = true;
    super.onReceiveMessage(message);
  }

  override onReceiveStatus(end: CallEnd): void {
    this.onEnd();
    super.onReceiveStatus(end);
  }
}
