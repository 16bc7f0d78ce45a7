/**
 * The sockets to Consul: kept open between requests, and, if asked for, never a reason for the process to stay alive.
 * It repairs two things in the way Node's agent and the HTTP layer above it work together; see below.
 */
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

export interface TlsFiles {
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** Name that the server's certificate must carry, when it is not the address. */
  readonly serverName?: string | undefined;
  readonly skipVerify: boolean;
}

interface HookedAgent {
  addRequest(request: http.ClientRequest, ...rest: unknown[]): void;
  createConnection(options: http.ClientRequestArgs, callback?: (error: Error | null, socket: Duplex) => void): Socket;
  reuseSocket(socket: Socket, request: http.ClientRequest): void;
}

/** @param tls undefined for plain HTTP; @param unref true when an open socket must not keep the process alive */
export function consulSockets(tls: TlsFiles | undefined, unref: boolean): http.Agent {
  const agent =
    tls === undefined
      ? new http.Agent({ keepAlive: true })
      : new https.Agent({
          keepAlive: true,
          rejectUnauthorized: !tls.skipVerify,
          ...(tls.ca && { ca: tls.ca }),
          ...(tls.cert && { cert: tls.cert }),
          ...(tls.key && { key: tls.key }),
          ...(tls.serverName !== undefined && { servername: tls.serverName }),
        });
  hook(agent as unknown as HookedAgent, unref);
  return agent;
}

function hook(agent: HookedAgent, unref: boolean): void {
  const { addRequest, createConnection, reuseSocket } = agent;

  // An answer that breaks off after its headers makes no 'error' on the request, so the caller would wait for ever.
  agent.addRequest = (request, ...rest) => {
    request.once('response', (response) => {
      response.once('close', () => {
        if (!response.complete) request.emit('error', new Error('the connection closed in the middle of the answer'));
      });
    });
    addRequest.call(agent, request, ...rest);
  };

  agent.createConnection = (options, callback) => {
    // The layer above hands an IPv6 host on with its brackets, which no name lookup understands.
    const host = options.host?.replace(/^\[(.*)\]$/, '$1');
    const socket = createConnection.call(agent, { ...options, ...(host !== undefined && { host }) }, callback);
    if (unref) socket.unref();
    return socket;
  };

  agent.reuseSocket = (socket, request) => {
    reuseSocket.call(agent, socket, request);
    if (unref) socket.unref();
  };
}
