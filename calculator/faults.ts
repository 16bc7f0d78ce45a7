import { ServerInterceptingCall, ServerListenerBuilder, status } from '@grpc/grpc-js';
import type { Responder, ServerInterceptor } from '@grpc/grpc-js';
import { calculatorService, faultsService } from '../proto/calculator';

export type FaultKind = 'NONE' | 'HANG' | 'SLOW' | 'UNAVAILABLE' | 'NOT_SERVING' | 'SICK';

export interface Fault {
  readonly kind: FaultKind;
  readonly delayMs: number;
}

/** What becomes of one call. */
export type Verdict =
  | { readonly kind: 'answer'; readonly delayMs: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'refuse'; readonly details: string };

const pathsOf = (service: Readonly<Record<string, { readonly path: string }>>): ReadonlySet<string> =>
  new Set(Object.values(service).map(({ path }) => path));
const CALCULATOR_PATHS = pathsOf(calculatorService);
const FAULTS_PATHS = pathsOf(faultsService);

/**
 * Decides what a fault makes of a call to the method `path`; the meaning of each kind stands in the proto. Calls of the
 * Faults service are never touched: every fault can be switched off again.
 *
 * @param serviceTimeMs how long a healthy server takes for a Calculator call.
 */
export function verdictOf(fault: Fault, path: string, serviceTimeMs: number): Verdict {
  if (FAULTS_PATHS.has(path)) return { kind: 'answer', delayMs: 0 };
  const isWork = CALCULATOR_PATHS.has(path);
  const delayMs = isWork ? serviceTimeMs : 0;
  switch (fault.kind) {
    case 'HANG':
      return { kind: 'hang' };
    case 'SLOW':
      return { kind: 'answer', delayMs: delayMs + fault.delayMs };
    case 'UNAVAILABLE':
    case 'SICK':
      if (isWork) return { kind: 'refuse', details: `the fault ${fault.kind} is switched on` };
      return { kind: 'answer', delayMs };
    case 'NONE':
    case 'NOT_SERVING':
      return { kind: 'answer', delayMs };
  }
}

/** Carries the verdict out for every call of a server, whichever service it belongs to. */
export function faultInterceptor(currentVerdict: (path: string) => Verdict): ServerInterceptor {
  return (method, call) => {
    const verdict = currentVerdict(method.path);
    switch (verdict.kind) {
      case 'hang':
        return new ServerInterceptingCall(call, { start: () => undefined });
      case 'refuse': {
        const refusal = { code: status.UNAVAILABLE, details: verdict.details };
        return new ServerInterceptingCall(call, { start: () => call.sendStatus(refusal) });
      }
      case 'answer':
        return new ServerInterceptingCall(call, verdict.delayMs === 0 ? undefined : lateAnswer(verdict.delayMs));
    }
  };
}

/** Lets the call be executed at once and holds back whatever is answered first: headers, or a status alone. */
function lateAnswer(delayMs: number): Responder {
  let timer: NodeJS.Timeout | undefined;
  let isHeld = false;
  const later = (send: () => void): void => {
    isHeld = true;
    timer = setTimeout(send, delayMs);
  };
  return {
    start: (next) => next(new ServerListenerBuilder().withOnCancel(() => clearTimeout(timer)).build()),
    sendMetadata: (metadata, next) => later(() => next(metadata)),
    sendMessage: (message, next) => next(message),
    sendStatus: (answer, next) => (isHeld ? next(answer) : later(() => next(answer))),
  };
}
