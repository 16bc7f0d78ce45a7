/**
 * Finds ports on the loopback address that nobody uses, for TCP and UDP alike. They are taken from below the range
 * that systems give to outgoing connections, so that a port stays free while its owner restarts. It reserves nothing:
 * who gets "address in use" all the same asks again.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

const FIRST = 20_000;
const END = 32_000;

/** `count` different free ports. Rejects when the machine has none left. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries > 200 + 10 * count) throw new Error(`no ${String(count)} free ports on 127.0.0.1`);
    const port = randomInt(FIRST, END);
    if ((await tcpIsFree(port)) && (await udpIsFree(port))) found.add(port);
  }
  return [...found];
}

function tcpIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

function udpIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close(() => resolve(false));
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      socket.close(() => resolve(true));
    });
  });
}
