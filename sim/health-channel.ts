/**
 * The channel on which the real health client of client/ speaks on one simulated connection: it turns grpc-js's calls into
 * messages on the wire, and knows the two methods of grpc.health.v1 alone.
 */
import { Metadata, status, type Channel } from '@grpc/grpc-js';
import type { EndListener, Wire, WireStatus } from './wire';

type Call = ReturnType<Channel['createCall']>;
type CallListener = Parameters<Call['start']>[1];

/** `HealthCheckResponse{status: …}` on the wire: field 1, a varint. */
const SERVING = Buffer.from([8, 1]);
const NOT_SERVING = Buffer.from([8, 2]);

/** @param wire the connection of this moment; null when there is none */
export function healthChannel(wire: () => Wire | null): Channel {
  const createCall: Channel['createCall'] = (path) =>
    new HealthCall(path.endsWith('/Watch'), wire()) as unknown as Call;
  // Nothing else of a channel is asked for.
  return { createCall } as unknown as Channel;
}

class HealthCall implements Pick<
  Call,
  'start' | 'sendMessageWithContext' | 'cancelWithStatus' | 'startRead' | 'halfClose'
> {
  private listener: CallListener | null = null;
  private drop: () => void = () => undefined;
  private ended = false;

  constructor(
    private readonly watches: boolean,
    private readonly wire: Wire | null,
  ) {}

  start(_metadata: Metadata, listener: CallListener): void {
    this.listener = listener;
  }

  sendMessageWithContext(): void {
    const onAnswer = (serving: boolean): void => {
      if (!this.ended) this.listener?.onReceiveMessage(serving ? SERVING : NOT_SERVING);
    };
    const onEnd: EndListener = (end) => this.end(end);
    if (this.wire === null) {
      this.end({ code: status.UNAVAILABLE, details: 'Subchannel not ready', metadata: new Metadata() });
      return;
    }
    this.drop = (this.watches ? this.wire.watch(onAnswer, onEnd) : this.wire.check(onAnswer, onEnd)).drop;
  }

  cancelWithStatus(code: status, details: string): void {
    this.drop();
    this.end({ code, details, metadata: new Metadata() });
  }

  startRead(): void {
    return;
  }

  halfClose(): void {
    return;
  }

  private end(end: WireStatus): void {
    if (this.ended) return;
    this.ended = true;
    this.listener?.onReceiveStatus(end);
  }
}
