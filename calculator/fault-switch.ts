import { status } from '@grpc/grpc-js';
import type { Fault__Output } from '../proto/generated/calculator/v1/Fault';
import { _calculator_v1_Fault_Kind as KINDS } from '../proto/generated/calculator/v1/Fault';
import type { FaultReply } from '../proto/generated/calculator/v1/FaultReply';
import type { FaultsHandlers } from '../proto/generated/calculator/v1/Faults';
import type { Fault, FaultKind } from './faults';

/** Holds the fault that is on, and nothing else: what a fault does is decided in faults.ts. */
export class FaultSwitch {
  #fault: Fault = { kind: 'NONE', delayMs: 0 };

  get fault(): Fault {
    return this.#fault;
  }

  set(fault: Fault): void {
    this.#fault = fault;
  }
}

/** The methods of the Faults service. `onFault` hears of every change. */
export function faultsHandlers(instance: string, faults: FaultSwitch, onFault: (fault: Fault) => void): FaultsHandlers {
  const reply = (): FaultReply => {
    const { kind, delayMs } = faults.fault;
    return { fault: { kind: KINDS[kind], delayMs }, instance };
  };
  return {
    SetFault: ({ request }, callback) => {
      const fault = faultOf(request);
      if (typeof fault === 'string') {
        callback({ code: status.INVALID_ARGUMENT, details: fault });
        return;
      }
      faults.set(fault);
      onFault(fault);
      callback(null, reply());
    },
    GetFault: (_call, callback) => callback(null, reply()),
  };
}

/** The fault that a request asks for, or what is wrong with it. */
function faultOf({ kind: number, delayMs }: Fault__Output): Fault | string {
  const kind = (Object.keys(KINDS) as FaultKind[]).find((name) => KINDS[name] === number);
  if (kind === undefined) return `kind ${String(number)} is unknown: use one of ${Object.keys(KINDS).join(', ')}`;
  if (kind === 'SLOW' && delayMs <= 0) return `delay_ms must be more than 0 for SLOW, it is ${delayMs}`;
  if (kind !== 'SLOW' && delayMs !== 0)
    return `delay_ms is for SLOW alone: with ${kind} it must be 0, it is ${delayMs}`;
  return { kind, delayMs };
}
