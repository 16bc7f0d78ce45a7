import { Server } from '@grpc/grpc-js';
import type { ServerOptions } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import { calculatorPackage, calculatorService, faultsService } from '../proto/calculator';
import { deduplicate, DrainableHealth, reportCalls } from '../server/index';
import type { DedupStore } from '../server/index';
import { FaultSwitch, faultsHandlers } from './fault-switch';
import { faultInterceptor, verdictOf } from './faults';
import type { Fault } from './faults';
import { calculatorHandlers } from './handlers';
import type { MemoryRecorder } from './handlers';
import { Memory } from './memory';

const CALCULATOR = 'calculator.v1.Calculator';
const FAULTS = 'calculator.v1.Faults';
const HEALTH = 'grpc.health.v1.Health';

/**
 * The server pings a silent connection after half a minute and drops a peer that does not answer, so that callers
 * whose machine died do not hold a drain up. Pings of callers are always answered: grpc-js servers, unlike those of
 * other languages, have no limit above which a caller is sent away with `too_many_pings`.
 */
const KEEPALIVE: ServerOptions = { 'grpc.keepalive_time_ms': 30_000, 'grpc.keepalive_timeout_ms': 10_000 };

export interface CalculatorServerOptions {
  readonly instance: string;
  /** What the memory holds at first. */
  readonly memory: number;
  readonly record: MemoryRecorder;
  readonly allowFaults: boolean;
  /** How long a Calculator call takes, ms. The work is done at once, the answer waits. */
  readonly serviceTimeMs: number;
  /** Where call ids are remembered; without it a call is executed as often as it comes. */
  readonly dedupStore?: DedupStore;
}

/** Puts the services together; does not listen yet. */
export function calculatorServer(options: CalculatorServerOptions): { server: Server; health: DrainableHealth } {
  const { instance, memory, record, allowFaults, serviceTimeMs, dedupStore } = options;
  const faults = new FaultSwitch();
  const isPlain = !allowFaults && serviceTimeMs === 0;
  const interceptors = [
    // A plain one is what benchmarks measure calls with: each interceptor is a part of every call.
    ...(isPlain ? [] : [reportCalls(), faultInterceptor((path) => verdictOf(faults.fault, path, serviceTimeMs))]),
    ...(dedupStore === undefined ? [] : [deduplicate({ services: [calculatorService], store: dedupStore })]),
  ];
  const server = new Server({ ...KEEPALIVE, interceptors });

  server.addService(calculatorService, calculatorHandlers(instance, new Memory(memory), record));
  const health = new DrainableHealth({ [CALCULATOR]: 'SERVING' });
  health.addToServer(server);
  if (allowFaults) {
    const onFault = ({ kind }: Fault): void => {
      const isIll = kind === 'NOT_SERVING' || kind === 'SICK';
      for (const service of ['', CALCULATOR]) health.setStatus(service, isIll ? 'NOT_SERVING' : 'SERVING');
    };
    server.addService(faultsService, faultsHandlers(instance, faults, onFault));
  }
  const services = allowFaults ? [CALCULATOR, FAULTS, HEALTH] : [CALCULATOR, HEALTH];
  new ReflectionService({ ...calculatorPackage, ...loadSync(healthProtoPath) }, { services }).addToServer(server);
  return { server, health };
}
