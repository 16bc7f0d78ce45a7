/** What the probe of a gRPC server makes of Health/Watch: of a real server's, and of what no server should send. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation, service as healthService } from 'grpc-health-check';
import type { ServerHttp2Stream } from 'node:http2';
import { GrpcProbe } from '../../../agent/grpc-probe';
import type { ProbeResult } from '../../../agent/ports';
import { ProbeLoop } from '../../../agent/probe-loop';
import { systemClock } from '../../../runtime/system-clock';
import { until } from '../../../scripts/chaos/until';
import {
  healthFrame,
  startRawHealthServer,
  type RawBehaviour,
  type RawHealthServer,
} from '../../support/raw-health-server';

const clock = systemClock({ holdsProcess: true });
const never = new AbortController().signal;
const closers: (() => void)[] = [];

afterEach(() => closers.splice(0).forEach((close) => close()));

async function grpcServer(prepare: (server: Server) => void): Promise<{ server: Server; port: number }> {
  const server = new Server();
  prepare(server);
  closers.push(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { server, port };
}

async function rawServer(behaviour?: RawBehaviour): Promise<RawHealthServer> {
  const server = await startRawHealthServer(behaviour);
  closers.push(() => server.close());
  return server;
}

function probeOf(port: number): { readonly probe: GrpcProbe; readonly news: () => number } {
  const probe = new GrpcProbe({ address: '127.0.0.1', port, service: '', onUnimplemented: 'pass', watch: true }, clock);
  closers.push(() => probe.close());
  let told = 0;
  probe.onNews(() => (told += 1));
  return { probe, news: () => told };
}

/** Looks once in two minutes: whatever comes sooner was asked for. */
function lookedAt(port: number): readonly ProbeResult[] {
  const stopper = new AbortController();
  closers.push(() => stopper.abort());
  const results: ProbeResult[] = [];
  const timing = { intervalMs: 120_000, timeoutMs: 5_000 };
  const { probe } = probeOf(port);
  void new ProbeLoop(probe, timing, { clock, rng: () => 0 }, (result) => results.push(result)).run(stopper.signal);
  return results;
}

const outcomes = (results: readonly ProbeResult[]): readonly string[] => results.map(({ outcome }) => outcome);

describe('a server that is watched', () => {
  it('is looked at as soon as it says that it is ill, and as soon as it says that it is well', async () => {
    const health = new HealthImplementation({ '': 'SERVING' });
    const { port } = await grpcServer((server) => health.addToServer(server));
    const results = lookedAt(port);
    await until(() => results.length === 1, { what: 'the first check' });
    health.setStatus('', 'NOT_SERVING');
    await until(() => results.length === 2, { what: 'a check for the news' });
    health.setStatus('', 'SERVING');
    await until(() => results.length === 3, { what: 'another one' });
    expect(outcomes(results)).toEqual(['pass', 'answered-no', 'pass']);
  });

  it('is looked at as soon as its connection ends, and not again for that', async () => {
    const { server, port } = await grpcServer((one) => new HealthImplementation({ '': 'SERVING' }).addToServer(one));
    const results = lookedAt(port);
    await until(() => results.length === 1, { what: 'the first check' });
    server.forceShutdown();
    await until(() => results.length === 2, { what: 'a check for the end' });
    expect(outcomes(results)).toEqual(['pass', 'refused']);
  });

  it('can end politely: the watch does not hold it up', async () => {
    const { server, port } = await grpcServer((one) => new HealthImplementation({ '': 'SERVING' }).addToServer(one));
    const { probe, news } = probeOf(port);
    await probe.check(never);
    await probe.check(never);
    expect(await new Promise((resolve) => server.tryShutdown(resolve))).toBeUndefined();
    expect(news()).toBe(1);
  });

  it('is checked as ever when it knows no Watch', async () => {
    const Check = healthService['Check']!;
    const answer = (_call: unknown, done: (error: null, reply: object) => void): void => done(null, { status: 1 });
    const { port } = await grpcServer((server) => server.addService({ Check }, { Check: answer }));
    const { probe, news } = probeOf(port);
    for (let check = 0; check < 5; check++) expect((await probe.check(never)).outcome).toBe('pass');
    expect(news()).toBe(0);
  });
});

describe('a Watch', () => {
  const send =
    (...chunks: readonly Buffer[]) =>
    (stream: ServerHttp2Stream) => {
      stream.respond({ 'content-type': 'application/grpc' });
      for (const chunk of chunks) stream.write(chunk);
    };
  const page = Buffer.from('<!doctype html>'.repeat(1000));

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ['is UNIMPLEMENTED', (stream) => stream.respond({ ':status': 200, 'grpc-status': '12' }, { endStream: true })],
    ['is answered by a web page', (stream) => (stream.respond({ ':status': 404 }), stream.end(page))],
    ['is reset', (stream) => stream.close(2)],
    ['ends after its first message', (stream) => (send(healthFrame('SERVING'))(stream), stream.end())],
    ['sends no gRPC', send(page)],
    ['sends a message that is too large', send(Buffer.from([0, 255, 255, 255, 255, 1, 2, 3]))],
    ['sends a message that is no health answer', send(Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]))],
    ['sends half a message', send(healthFrame('NOT_SERVING').subarray(0, 6))],
    ['says what a check says', send(healthFrame('SERVING'), healthFrame('SERVING'))],
  ])('that %s is no news, and is not asked for again on this connection', async (_name, onWatch) => {
    const server = await rawServer({ onWatch });
    const { probe, news } = probeOf(server.port);
    for (let check = 0; check < 10; check++) expect((await probe.check(never)).outcome).toBe('pass');
    expect(server.asked).toEqual({ Check: 10, Watch: 1, connections: 1 });
    expect(news()).toBe(0);
  });

  it('is understood when its messages come torn', async () => {
    const server = await rawServer();
    const { probe, news } = probeOf(server.port);
    await probe.check(never);
    await until(() => server.watcher() !== undefined, { what: 'the watch' });
    for (const byte of healthFrame('NOT_SERVING')) {
      expect(news()).toBe(0);
      server.watcher()?.write(Buffer.of(byte));
      // The answer to a check comes behind what was written before it.
      await probe.check(never);
    }
    await until(() => news() === 1, { what: 'the news' });
  });

  it('that never stops talking is ended', async () => {
    const chatter = Buffer.concat(Array.from({ length: 20_000 }, () => healthFrame('SERVING')));
    let end: (how: string) => void = () => undefined;
    const closed = new Promise<string>((resolve) => (end = resolve));
    const server = await rawServer({
      onWatch: (stream) => {
        stream.respond({ 'content-type': 'application/grpc' });
        const talk = (): void => void stream.write(chatter, () => !stream.destroyed && talk());
        stream.once('close', () => end('ended'));
        talk();
      },
    });
    const { probe } = probeOf(server.port);
    await probe.check(never);
    expect(await closed).toBe('ended');
    expect((await probe.check(never)).outcome).toBe('pass');
  });

  it('does not take the only stream that a server allows', async () => {
    const server = await rawServer({ settings: { maxConcurrentStreams: 1 } });
    const { probe } = probeOf(server.port);
    for (let check = 0; check < 3; check++) expect((await probe.check(never)).outcome).toBe('pass');
    expect(server.asked).toEqual({ Check: 3, Watch: 0, connections: 1 });
  });

  it('is given up for good at a server that answers nobody beside it: one check is lost', async () => {
    const server = await rawServer({ answers: (one) => one.watcher() === undefined });
    const { probe } = probeOf(server.port);
    const results: ProbeResult[] = [];
    const stopper = new AbortController();
    const timing = { intervalMs: 1_000, timeoutMs: 1_000 };
    const loop = new ProbeLoop(probe, timing, { clock, rng: () => 0 }, (result) => {
      results.push(result);
      if (results.length === 5) stopper.abort();
      else loop.now();
    });
    await loop.run(stopper.signal);
    expect(outcomes(results)).toEqual(['pass', 'silent', 'pass', 'pass', 'pass']);
    expect(server.asked).toMatchObject({ Watch: 1, connections: 2 });
  });
});
