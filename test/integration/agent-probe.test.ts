import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { HealthImplementation, service as healthService } from 'grpc-health-check';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { connect, createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { withDeadline } from '../../agent/deadline';
import { ExecProbe } from '../../agent/exec-probe';
import { GrpcProbe, type GrpcProbeOptions } from '../../agent/grpc-probe';
import { HttpProbe } from '../../agent/http-probe';
import type { ProbeResult } from '../../agent/ports';
import { TcpProbe } from '../../agent/tcp-probe';
import { systemClock } from '../../runtime/system-clock';
import { processesWith } from '../support/processes';
import { until } from '../../scripts/chaos/until';

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

describe('the HTTP probe', () => {
  async function answering(answer: (response: ServerResponse) => void): Promise<string> {
    const server = createHttpServer((_request, response) => answer(response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`;
  }

  it('takes every 2xx as a pass, and every other status as a no of the server', async () => {
    const well = await answering((response) => response.writeHead(204).end());
    expect(await new HttpProbe(well, clock).check(never)).toMatchObject({
      ...{ outcome: 'pass', reason: expect.stringMatching(/^HTTP 204 in /) as string },
    });
    const moved = await answering((response) => response.writeHead(302, { location: well }).end());
    expect((await new HttpProbe(moved, clock).check(never)).outcome).toBe('answered-no');
    const ill = await answering((response) => response.writeHead(503).end());
    expect(await new HttpProbe(ill, clock).check(never)).toMatchObject({
      ...{ outcome: 'answered-no', reason: expect.stringMatching(/^server answers HTTP 503 \(/) as string },
    });
  });

  it('tells a closed port from silence, which costs its time and nothing more', async () => {
    const { server, port } = await tcpServer();
    const probe = new HttpProbe(`http://127.0.0.1:${port}/`, clock);
    const waiting = new AbortController();
    const checked = probe.check(waiting.signal);
    waiting.abort();
    expect((await checked).outcome).toBe('silent');
    server.close();
    expect(await probe.check(never)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('ECONN') as string,
    });
  });
});

describe('the exec probe', () => {
  const probe = (code: string): ExecProbe =>
    new ExecProbe([process.execPath, '-e', code], { service: 'calculator', id: 'calculator-1' }, process.env, clock);

  it('passes by exit code 0, and tells what a failing program printed', async () => {
    expect(await probe('').check(never)).toMatchObject({ outcome: 'pass' });
    expect(
      await probe('console.log(process.env.UNDERSTUDY_INSTANCE, "is full"); process.exit(3)').check(never),
    ).toMatchObject({
      outcome: 'answered-no',
      reason: expect.stringMatching(/exit code 3: calculator-1 is full/) as string,
    });
  });

  it('is killed when its time is over', async () => {
    const mark = `exec-probe-${process.pid}`;
    const hanging = probe(`process.title; setInterval(() => '${mark}', 1000)`);
    const waiting = new AbortController();
    const checked = hanging.check(waiting.signal);
    await until(() => processesWith(mark).length === 1, { what: 'the program to run' });
    waiting.abort();
    expect((await checked).outcome).toBe('silent');
    await until(() => processesWith(mark).length === 0, { what: 'the program to be gone' });
  });
});
