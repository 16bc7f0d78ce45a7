/**
 * A connection that holds an answer back until it is whole. grpc-js binds a call to an attempt as soon as that attempt's
 * headers arrive, and a server that is killed between its headers and its trailers would take a repeatable call with it,
 * although its caller has seen nothing yet. It never holds back an answer that comes in more than one message.
 */
import type { Metadata } from '@grpc/grpc-js';
import { REPEATED_STATUSES } from './call-config';
import { BaseSubchannelWrapper, type SubchannelInterface } from './grpc-experimental';

type RealSubchannel = ReturnType<SubchannelInterface['getRealSubchannel']>;
type CallListener = Parameters<RealSubchannel['createCall']>[3];

export class PatientSubchannel extends BaseSubchannelWrapper {
  /** @param holdsBack true for methods (`/package.Service/Method`) that may be repeated and answer once */
  constructor(
    child: SubchannelInterface,
    private readonly holdsBack: (path: string) => boolean,
  ) {
    super(child);
  }

  /** What grpc-js makes its calls on. */
  override getRealSubchannel(): RealSubchannel {
    const real = super.getRealSubchannel();
    const patient = Object.create(real) as RealSubchannel;
    patient.createCall = (metadata, host, method, listener, callId) =>
      real.createCall(metadata, host, method, this.holdsBack(method) ? wholeAnswers(listener) : listener, callId);
    return patient;
  }
}

function wholeAnswers(listener: CallListener): CallListener {
  let headers: Metadata | null = null;
  const messages: unknown[] = [];
  return {
    onReceiveMetadata: (received) => {
      headers = received;
    },
    onReceiveMessage: (received: unknown) => {
      messages.push(received);
    },
    onReceiveStatus: (end) => {
      if (!REPEATED_STATUSES.includes(end.code)) {
        if (headers !== null) listener.onReceiveMetadata(headers);
        for (const message of messages) listener.onReceiveMessage(message);
      }
      listener.onReceiveStatus(end);
    },
  };
}
