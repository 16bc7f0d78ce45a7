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
  type CallEnd,
  type CallListener,
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
  private forCalls: RealSubchannel | null = null;

  constructor(
    child: SubchannelInterface,
    private readonly ports: SubchannelPorts,
  ) {
    super(child);
  }

  /** Ends the streams that have brought messages already, with UNAVAILABLE. */
  endStreams(details: string): void {
    for (const stream of [...this.streams]) stream.end(details);
  }

  /** What grpc-js makes its calls on. */
  override getRealSubchannel(): RealSubchannel {
    this.forCalls ??= this.takingCalls(super.getRealSubchannel());
    return this.forCalls;
  }

  /** One attempt, on the wire at once. */
  open(...[metadata, host, path, listener, callId]: Parameters<RealSubchannel['createCall']>): SubchannelCall {
    const real = super.getRealSubchannel();
    if (!streamsAnswers(this.ports.safety.shapeOf(path))) {
      return real.createCall(metadata, host, path, listener, callId);
    }
    const stream: OpenStream = new OpenStream(listener, this.ports.onStream(), () => this.streams.delete(stream));
    const call = real.createCall(metadata, host, path, stream, callId);
    stream.call = call;
    this.streams.add(stream);
    return call;
  }

  private takingCalls(real: RealSubchannel): RealSubchannel {
    const taking = Object.create(real) as RealSubchannel;
    const { secondAttempts, clock } = this.ports;
    taking.createCall = (metadata, host, path, listener, callId) => {
      const attempt = (metadata as Metadata & Picked)[ATTEMPT];
      if (attempt === undefined) return this.open(metadata, host, path, listener, callId);
      return new RepeatableCall({ metadata, host, path, listener, callId }, attempt, secondAttempts, clock);
    };
    return taking;
  }
}

class OpenStream implements CallListener {
  call: SubchannelCall | null = null;
  private hasBegun = false;

  constructor(
    private readonly listener: CallListener,
    private readonly onBegun: () => void,
    private readonly onEnd: () => void,
  ) {}

  end(details: string): void {
    if (this.hasBegun) this.call?.cancelWithStatus(status.UNAVAILABLE, details);
  }

  onReceiveMetadata(headers: Metadata): void {
    this.listener.onReceiveMetadata(headers);
  }

  onReceiveMessage(message: unknown): void {
    if (!this.hasBegun) this.onBegun();
    this.hasBegun = true;
    this.listener.onReceiveMessage(message);
  }

  onReceiveStatus(end: CallEnd): void {
    this.onEnd();
    this.listener.onReceiveStatus(end);
  }
}
