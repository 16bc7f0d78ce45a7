import { dirname, join } from 'node:path';
import { credentials, Server, ServerCredentials, status, type Metadata } from '@grpc/grpc-js';
import type { ServerInterceptor, ServiceError } from '@grpc/grpc-js';
import { load as loadProto } from '@grpc/proto-loader';
import { LoadReports } from '../../../client/load-reports';
import { decodeLoadReport, encodeLoadReport, LOAD_REPORT_KEY } from '../../../core/measure/orca-report';
import { DEFAULT_LOAD_WEIGHT } from '../../../core/pick/load-weight';
import { CalculatorClient, calculatorService } from '../../../proto/calculator';
import type { Answer } from '../../../proto/generated/calculator/v1/Answer';
import { reportLoad } from '../../../server/index';
import { VirtualClock } from '../../support/virtual-clock';

const clock = new VirtualClock();
let server: Server;
let client: CalculatorClient;
let failing = false;

afterEach(() => {
  client.close();
  server.forceShutdown();
  failing = false;
});

async function begin(...interceptors: readonly ServerInterceptor[]): Promise<void> {
  server = new Server({ interceptors: [...interceptors] });
  server.addService(calculatorService, {
    Add: (_call: unknown, done: (error: Partial<ServiceError> | null, answer?: Answer) => void) => {
      if (failing) done({ code: status.UNAVAILABLE, details: 'ill' });
      else done(null, { value: 5 });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  client = new CalculatorClient(`127.0.0.1:${port}`, credentials.createInsecure());
}

/** The trailers of one call, however it ended. */
function trailers(): Promise<Metadata> {
  return new Promise((resolve) => {
    const call = client.Add({ left: 2, right: 3 }, { deadline: Date.now() + 5_000 }, () => undefined);
    call.on('status', (end) => resolve(end.metadata));
  });
}

it('tells the load of the server in the trailers of its answers, once it is known', async () => {
  await begin(reportLoad({ clock, utilization: () => 0.5 }));
  expect((await trailers()).get(LOAD_REPORT_KEY)).toEqual([]);
  clock.advance(1_000);
  const [bytes] = (await trailers()).get(LOAD_REPORT_KEY);
  expect(decodeLoadReport(bytes as Buffer)).toEqual({ qps: 2, eps: 0, utilization: 0.5 });
});

it('does not burden every answer with it when there are many', async () => {
  await begin(reportLoad({ clock, utilization: () => 0.5 }));
  clock.advance(1_000);
  const told: number[] = [];
  for (let call = 0; call < 12; call += 1) {
    told.push((await trailers()).get(LOAD_REPORT_KEY).length);
    clock.advance(5);
  }
  expect(told).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
});

it('tells it with failures too, and counts them', async () => {
  await begin(reportLoad({ clock, utilization: () => 0.5 }));
  failing = true;
  await trailers();
  clock.advance(1_000);
  const [bytes] = (await trailers()).get(LOAD_REPORT_KEY);
  expect(decodeLoadReport(bytes as Buffer)).toMatchObject({ qps: 2, eps: 2 });
});

it('measures the event loop by itself', async () => {
  await begin(reportLoad({ clock }));
  await trailers();
  clock.advance(1_000);
  const [bytes] = (await trailers()).get(LOAD_REPORT_KEY);
  const { utilization = -1 } = decodeLoadReport(bytes as Buffer) ?? {};
  expect(utilization).toBeGreaterThan(0);
  expect(utilization).toBeLessThanOrEqual(1);
});

it('becomes a weight in the client', async () => {
  await begin(reportLoad({ clock, utilization: () => 0.5 }));
  const reports = new LoadReports({ ...DEFAULT_LOAD_WEIGHT, blackoutMs: 0 });
  reports.attemptEnded(await trailers(), clock.nowMs());
  expect({ any: reports.any, weight: reports.weightAt(clock.nowMs()) }).toEqual({ any: false, weight: null });
  clock.advance(1_000);
  reports.attemptEnded(await trailers(), clock.nowMs());
  expect({ any: reports.any, weight: reports.weightAt(clock.nowMs()) }).toEqual({ any: true, weight: 4 });
  reports.connected();
  expect(reports.weightAt(clock.nowMs())).toBeNull();
});

it('refuses a concurrency that nothing fits in', () => {
  expect(() => reportLoad({ concurrency: 0 })).toThrow(new RangeError('concurrency must be above 0, it is 0'));
});

it('is written as the public definition of ORCA says, and reads what that writes', async () => {
  const protos = join(dirname(require.resolve('@grpc/grpc-js/package.json')), 'proto');
  const definitions = await loadProto('xds/service/orca/v3/orca.proto', {
    keepCase: true,
    longs: Number,
    includeDirs: [join(protos, 'xds'), join(protos, 'protoc-gen-validate')],
  });
  const service = definitions['xds.service.orca.v3.OpenRcaService'] as unknown as {
    readonly StreamCoreMetrics: {
      readonly responseSerialize: (message: object) => Buffer;
      readonly responseDeserialize: (bytes: Buffer) => object;
    };
  };
  const { responseSerialize, responseDeserialize } = service.StreamCoreMetrics;
  const sent = Buffer.from(encodeLoadReport({ qps: 12.5, eps: 0.5, utilization: 0.75 }));
  expect(responseDeserialize(sent)).toMatchObject({ rps_fractional: 12.5, eps: 0.5, application_utilization: 0.75 });
  const full = responseSerialize({
    cpu_utilization: 0.25,
    mem_utilization: 0.5,
    rps: 7,
    request_cost: { bytes: 3 },
    utilization: { disk: 0.125 },
    rps_fractional: 7.5,
    eps: 1,
    named_metrics: { queue: 9 },
  });
  expect(decodeLoadReport(full)).toEqual({ qps: 7.5, eps: 1, utilization: 0.25 });
});
