import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { HealthImplementation, service as healthService } from 'grpc-health-check';
import { connect, createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { withDeadline } from '../../agent/deadline';
import { GrpcProbe, type GrpcProbeOptions } from '../../agent/grpc-probe';
import type { ProbeResult } from '../../agent/ports';
import { TcpProbe } from '../../agent/tcp-probe';
import { systemClock } from '../../runtime/system-clock';
import { until } from '../support/until';

const clock = systemClock({ holdsProcess: true });
const never = new AbortController().signal;
const closers: (() => void)[] = [];

afterEach(() => closers.splice(0).forEach((close) => close()));

async function grpcServer(prepare: (server: Server) => void): Promise<number> {
  const server = new Server();
  prepare(server);
  closers.push(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** Accepts, and says `greeting` or nothing. */
async function tcpServer(greeting = ''): Promise<{ port: number; open: Set<Socket>; server: TcpServer }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket
      .on('close', () => open.delete(socket))
      .on('error', () => undefined)
      .resume();
    if (greeting !== '') socket.end(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    open.forEach((socket) => socket.destroy());
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, open, server };
}

function grpcProbe(port: number, change: Partial<GrpcProbeOptions> = {}): GrpcProbe {
  const probe = new GrpcProbe({ address: '127.0.0.1', port, service: '', onUnimplemented: 'pass', ...change }, clock);
  closers.push(() => probe.close());
  return probe;
}

const withHealth = (statuses: Record<string, 'SERVING' | 'NOT_SERVING'>) => (server: Server) =>
  new HealthImplementation(statuses).addToServer(server);

describe('the gRPC probe', () => {
  it.each([
    ['a server that serves', withHealth({ '': 'SERVING' }), {}, 'pass', /^SERVING in \d+\.\d ms$/],
    ['one that says no', withHealth({ '': 'NOT_SERVING' }), {}, 'answered-no', /^server says NOT_SERVING \(/],
    [
      'one of whose services says no',
      withHealth({ '': 'SERVING', x: 'NOT_SERVING' }),
      { service: 'x' },
      'answered-no',
      /NOT_SERVING of "x"/,
    ],
    [
      'one that does not know the service',
      withHealth({ '': 'SERVING' }),
      { service: 'y' },
      'answered-no',
      /knows nothing of "y"/,
    ],
    ['one without a health service', () => undefined, {}, 'pass', /^it answers gRPC but has no health service/],
    [
      'one without a health service, when that is a failure',
      () => undefined,
      { onUnimplemented: 'fail' as const },
      'answered-no',
      /no health service/,
    ],
  ])('judges %s', async (_name, prepare, change, outcome, reason) => {
    const probe = grpcProbe(await grpcServer(prepare), change);
    expect(await probe.check(never)).toEqual({ outcome, reason: expect.stringMatching(reason) as string });
  });

  it('tells the words of a server that answers with an error', async () => {
    const port = await grpcServer((server) => {
      server.addService(
        { Check: healthService['Check']! },
        {
          Check: (_call: unknown, done: (error: object) => void) => done({ code: status.INTERNAL, details: 'no disk' }),
        },
      );
    });
    expect(await grpcProbe(port).check(never)).toMatchObject({
      outcome: 'answered-no',
      reason: expect.stringContaining('INTERNAL no disk') as string,
    });
  });

  it('keeps its connection while checks are answered', async () => {
    const port = await grpcServer(withHealth({ '': 'SERVING' }));
    const front = await tcpServer();
    let connections = 0;
    front.server.on('connection', (socket) => {
      connections += 1;
      const back = connect(port, '127.0.0.1').on('error', () => undefined);
      socket.on('close', () => back.destroy());
      socket.pipe(back).pipe(socket);
    });
    const probe = grpcProbe(front.port);
    const results: ProbeResult[] = [];
    for (let check = 0; check < 20; check++) results.push(await probe.check(never));
    expect(results.every(({ outcome }) => outcome === 'pass')).toBe(true);
    expect(connections).toBe(1);
  });

  it('knows a port where nobody listens', async () => {
    const { port, server } = await tcpServer();
    await new Promise((resolve) => server.close(resolve));
    expect(await grpcProbe(port).check(never)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('fails at a server that speaks something else', async () => {
    const { port } = await tcpServer('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect((await grpcProbe(port).check(never)).outcome).toBe('refused');
  });

  it('leaves no connection behind at a server that accepts and stays silent', async () => {
    const { port, open } = await tcpServer();
    const probe = grpcProbe(port);
    for (let check = 0; check < 5; check++) {
      const result = withDeadline({ clock, timeoutMs: 50, signal: never }, (signal) => probe.check(signal));
      await expect(result).rejects.toThrow('no answer within 50 ms');
    }
    await until(() => open.size === 0, { what: 'every connection to be closed' });
  });

  it('finds a server that came back on the same port', async () => {
    const port = await grpcServer(withHealth({ '': 'SERVING' }));
    const probe = grpcProbe(port);
    expect((await probe.check(never)).outcome).toBe('pass');
    closers.shift()?.();
    await until(async () => (await probe.check(never)).outcome === 'refused', { what: 'the end to be seen' });
    const again = new Server();
    withHealth({ '': 'SERVING' })(again);
    closers.push(() => again.forceShutdown());
    await new Promise((resolve) => again.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), resolve));
    expect((await probe.check(never)).outcome).toBe('pass');
  });
});

describe('the TCP probe', () => {
  it('passes where somebody accepts, and is refused where nobody does', async () => {
    const { port, server, open } = await tcpServer();
    const probe = new TcpProbe({ address: '127.0.0.1', port }, clock);
    expect(await probe.check(never)).toEqual({
      outcome: 'pass',
      reason: expect.stringMatching(/^TCP connection accepted in \d/) as string,
    });
    await until(() => open.size === 0, { what: 'its connection to be closed' });
    await new Promise((resolve) => server.close(resolve));
    expect(await probe.check(never)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('ECONNREFUSED') as string,
    });
  });
});
