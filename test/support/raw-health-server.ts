/**
 * A health server on bare HTTP/2 that answers Check properly and Watch as a test likes: what no library would send.
 */
import { createServer, type ServerHttp2Session, type ServerHttp2Stream, type Settings } from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface RawHealthServer {
  readonly port: number;
  /** How often each method was asked, and how many connections there were. */
  readonly asked: Record<'Check' | 'Watch' | 'connections', number>;
  /** The last Watch that is open. */
  watcher(): ServerHttp2Stream | undefined;
  close(): void;
}

export interface RawBehaviour {
  /** What becomes of a Watch; nothing: it stays open and silent. */
  readonly onWatch?: (stream: ServerHttp2Stream) => void;
  /** False: this Check is not answered. */
  readonly answers?: (server: RawHealthServer) => boolean;
  readonly settings?: Settings;
}

const STATUSES = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2 };

/** A length-prefixed HealthCheckResponse. */
export function healthFrame(status: keyof typeof STATUSES): Buffer {
  return Buffer.from([0, 0, 0, 0, 2, 0x08, STATUSES[status]]);
}

export async function startRawHealthServer(behaviour: RawBehaviour = {}): Promise<RawHealthServer> {
  const { onWatch = open, answers = () => true, settings = {} } = behaviour;
  const sessions = new Set<ServerHttp2Session>();
  let watcher: ServerHttp2Stream | undefined;
  const server = createServer({ settings });
  server.on('session', (session) => {
    raw.asked.connections += 1;
    sessions.add(session);
    session.on('error', () => undefined).once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const method = headers[':path'] === '/grpc.health.v1.Health/Watch' ? 'Watch' : 'Check';
    raw.asked[method] += 1;
    if (method === 'Watch') {
      watcher = stream;
      stream.once('close', () => (watcher = undefined));
      onWatch(stream);
    } else if (answers(raw)) answerCheck(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const raw: RawHealthServer = {
    port: (server.address() as AddressInfo).port,
    asked: { Check: 0, Watch: 0, connections: 0 },
    watcher: () => watcher,
    close: () => {
      sessions.forEach((session) => session.destroy());
      server.close();
    },
  };
  return raw;
}

function open(stream: ServerHttp2Stream): void {
  stream.respond({ 'content-type': 'application/grpc' });
}

function answerCheck(stream: ServerHttp2Stream): void {
  stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(healthFrame('SERVING'));
}
