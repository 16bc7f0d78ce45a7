import { Metadata, ServerInterceptingCall, ServerListenerBuilder } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';
import { CALLS_BEGUN_KEY, CALLS_IN_FLIGHT_KEY } from '../core/measure/calls-told';

const HEALTH_CHECK = '/grpc.health.v1.Health/Check';
/** gRPC's own services: nobody waits for them in a drain. */
const OWN_SERVICES = '/grpc.';

/**
 * A server interceptor that counts the calls in flight and tells them in the trailers of each health check's answer, so
 * that `understudy drain` can wait until callers have let go: `new Server({ interceptors: [reportCalls()] })`. Put it
 * before all others: what they refuse or delay is a call too. It costs no timer and needs no stop.
 */
export function reportCalls(): ServerInterceptor {
  let begun = 0;
  let inFlight = 0;
  return (method, call) => {
    if (method.path === HEALTH_CHECK)
      return new ServerInterceptingCall(call, {
        sendStatus: (answer, next) => {
          const metadata = answer.metadata?.clone() ?? new Metadata();
          metadata.set(CALLS_BEGUN_KEY, String(begun));
          metadata.set(CALLS_IN_FLIGHT_KEY, String(inFlight));
          next({ ...answer, metadata });
        },
      });
    if (method.path.startsWith(OWN_SERVICES)) return new ServerInterceptingCall(call);
    let open = true;
    const end = (): void => {
      if (open) inFlight -= 1;
      open = false;
    };
    begun += 1;
    inFlight += 1;
    return new ServerInterceptingCall(call, {
      start: (next) => next(new ServerListenerBuilder().withOnCancel(end).build()),
      sendStatus: (answer, next) => {
        end();
        next(answer);
      },
    });
  };
}
