/**
 * A connection that holds an answer back until a repetition could not better it any more. grpc-js binds a call to an
 * attempt as soon as that attempt's headers arrive, and a server that is killed between its headers and its first message
 * would take a repeatable call with it, although its caller has seen nothing yet. A single answer is held until it is
 * whole, a stream until its first message; what may not be repeated is not held at all.
 *
 * It also knows the streams that have begun, so that they can be ended when the connection is given up: nobody else would
 * ever tell their callers.
 */
import { status, type Metadata } from '@grpc/grpc-js';
import type { Clock } from '../core/time/clock';
import { BaseSubchannelWrapper, type SubchannelInterface } from './grpc-experimental';
import { REPEATED_STATUSES, type MethodSafety } from './method-safety';

type RealSubchannel = ReturnType<SubchannelInterface['getRealSubchannel']>;
type CallListener = Parameters<RealSubchannel['createCall']>[3];
type SubchannelCall = ReturnType<RealSubchannel['createCall']>;

/** A caller may wait for the headers of a stream before it reads on, so they are not held for ever. */
const HEADERS_HELD_MS = 1_000;

export interface PatientPorts {
  readonly safety: MethodSafety;
  readonly clock: Clock;
  /** The first message of a stream is here. */
  readonly onStreamBegun: () => void;
}

export class PatientSubchannel extends BaseSubchannelWrapper {
  private readonly streams = new Set<OpenStream>();
  private patient: RealSubchannel | null = null;

  constructor(
    child: SubchannelInterface,
    private readonly ports: PatientPorts,
  ) {
    super(child);
  }

  /** Ends the streams that have brought messages already, with UNAVAILABLE. */
  endStreams(details: string): void {
    for (const stream of [...this.streams]) stream.end(details);
  }

  /** What grpc-js makes its calls on. */
  override getRealSubchannel(): RealSubchannel {
    this.patient ??= this.patientOn(super.getRealSubchannel());
    return this.patient;
  }

  private patientOn(real: RealSubchannel): RealSubchannel {
    const patient = Object.create(real) as RealSubchannel;
    const { safety } = this.ports;
    patient.createCall = (metadata, host, path, listener, callId) => {
      const shape = safety.shapeOf(path);
      const repeatable = safety.mayBeRepeated(path);
      if (shape === 'unary' || shape === 'client-stream') {
        return real.createCall(metadata, host, path, repeatable ? new WholeAnswer(listener) : listener, callId);
      }
      const holds = repeatable && shape === 'server-stream';
      const stream: OpenStream = new OpenStream(listener, holds, this.ports, () => this.streams.delete(stream));
      const call = real.createCall(metadata, host, path, stream, callId);
      stream.call = call;
      this.streams.add(stream);
      return call;
    };
    return patient;
  }
}

/** Every repeatable call has one, so it is as small as possible. */
class WholeAnswer implements CallListener {
  private headers: Metadata | null = null;
  private message: unknown = null;
  /** A fault of the server, which grpc-js tells the caller. */
  private more: unknown[] | null = null;

  constructor(private readonly listener: CallListener) {}

  onReceiveMetadata(headers: Metadata): void {
    this.headers = headers;
  }

  onReceiveMessage(message: unknown): void {
    if (this.message === null) this.message = message;
    else (this.more ??= []).push(message);
  }

  onReceiveStatus(end: Parameters<CallListener['onReceiveStatus']>[0]): void {
    const { headers, message, more, listener } = this;
    if (!REPEATED_STATUSES.includes(end.code)) {
      if (headers !== null) listener.onReceiveMetadata(headers);
      if (message !== null) listener.onReceiveMessage(message);
      for (const another of more ?? []) listener.onReceiveMessage(another);
    }
    listener.onReceiveStatus(end);
  }
}

class OpenStream implements CallListener {
  call: SubchannelCall | null = null;
  private headers: Metadata | null = null;
  private hasBegun = false;
  private cancelHolding: () => void = () => undefined;

  constructor(
    private readonly listener: CallListener,
    private readonly holds: boolean,
    private readonly ports: PatientPorts,
    private readonly onEnd: () => void,
  ) {}

  end(details: string): void {
    if (this.hasBegun) this.call?.cancelWithStatus(status.UNAVAILABLE, details);
  }

  readonly onReceiveMetadata: CallListener['onReceiveMetadata'] = (headers) => {
    if (!this.holds) {
      this.listener.onReceiveMetadata(headers);
      return;
    }
    this.headers = headers;
    this.cancelHolding = this.ports.clock.after(HEADERS_HELD_MS, () => this.showHeaders());
  };

  readonly onReceiveMessage = (message: unknown): void => {
    if (!this.hasBegun) this.ports.onStreamBegun();
    this.hasBegun = true;
    this.showHeaders();
    this.listener.onReceiveMessage(message);
  };

  readonly onReceiveStatus: CallListener['onReceiveStatus'] = (end) => {
    this.onEnd();
    if (REPEATED_STATUSES.includes(end.code)) this.cancelHolding();
    else this.showHeaders();
    this.listener.onReceiveStatus(end);
  };

  private showHeaders(): void {
    this.cancelHolding();
    const { headers } = this;
    this.headers = null;
    if (headers !== null) this.listener.onReceiveMetadata(headers);
  }
}
