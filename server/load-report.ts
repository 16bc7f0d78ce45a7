import { performance } from 'node:perf_hooks';
import { Metadata, ServerInterceptingCall, ServerListenerBuilder } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';
import { LoadMeter } from '../core/measure/load-meter';
import { encodeLoadReport, LOAD_REPORT_KEY } from '../core/measure/orca-report';
import { outcomeOf } from '../core/measure/outcome';
import type { LoadReport } from '../core/pick/load-weight';
import type { Clock } from '../core/time/clock';
import { systemClock } from '../runtime/system-clock';

export interface ReportLoadOptions {
  /**
   * How many calls the server can work on at once before they wait for each other, as where each needs one of so many
   * database connections. Default: no bound; the event loop alone is what can be used up.
   */
  readonly concurrency?: number;
  /** Which part of its capacity is used, 0 to 1 and more, in place of the event loop's share. Asked once a second. */
  readonly utilization?: () => number;
  readonly clock?: Pick<Clock, 'nowMs'>;
}

const WINDOW_MS = 1_000;
const MEMORY_MS = 5_000;
/** A header costs both sides as much as a tenth of a small call, and nobody needs news more often than this. */
const SPACING_MS = 20;
/** gRPC's own services, health and reflection: not the work that load is about. */
const OWN_SERVICES = '/grpc.';

/**
 * A server interceptor that tells callers how busy this server is, in the trailers of its answers (ORCA, gRFC A51), so
 * that they can weigh it by its load: `new Server({ interceptors: [reportLoad()] })`. Utilization is the share of time
 * that the event loop was busy, or that `concurrency` was used up, whichever is more.
 *
 * It costs no timer and needs no stop. grpc-js has such a recorder of its own
 * (`grpc.server_call_metric_recording`), but 1.14 parses its proto files anew at every call, which takes tens of milliseconds.
 *
 * @throws RangeError for a concurrency that is not above 0
 */
export function reportLoad(options: ReportLoadOptions = {}): ServerInterceptor {
  const { concurrency = Infinity, utilization = eventLoopShare(), clock = systemClock() } = options;
  if (!(concurrency > 0)) throw new RangeError(`concurrency must be above 0, it is ${concurrency}`);
  const meter = new LoadMeter(clock.nowMs(), { concurrency, windowMs: WINDOW_MS, memoryMs: MEMORY_MS });
  const written = writer();
  let lastToldMs = -Infinity;

  return (method, call) => {
    if (method.path.startsWith(OWN_SERVICES)) return new ServerInterceptingCall(call);
    let open = true;
    const end = (failed: boolean): void => {
      if (open) meter.callEnded(failed, clock.nowMs());
      open = false;
    };
    meter.callStarted(clock.nowMs());
    return new ServerInterceptingCall(call, {
      start: (next) => next(new ServerListenerBuilder().withOnCancel(() => end(isLate(call.getDeadline()))).build()),
      sendStatus: (answer, next) => {
        end(outcomeOf(answer.code) === 'failure');
        const nowMs = clock.nowMs();
        const report = meter.report(nowMs, utilization);
        if (report === null || nowMs - lastToldMs < SPACING_MS) {
          next(answer);
          return;
        }
        lastToldMs = nowMs;
        const metadata = answer.metadata?.clone() ?? new Metadata();
        metadata.set(LOAD_REPORT_KEY, written(report));
        next({ ...answer, metadata });
      },
    });
  };
}

/** The share of time that this thread's event loop was busy since it was asked last. */
function eventLoopShare(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}

/** Writes each report once, however many answers carry it. */
function writer(): (report: LoadReport) => Buffer {
  let last: LoadReport | null = null;
  let bytes = Buffer.alloc(0);
  return (report) => {
    if (report !== last) bytes = Buffer.from(encodeLoadReport(report));
    last = report;
    return bytes;
  };
}

/** grpc-js ends a call whose deadline has passed by itself, and tells it as a cancellation. */
function isLate(deadline: Date | number): boolean {
  return Number(deadline) <= Date.now();
}
