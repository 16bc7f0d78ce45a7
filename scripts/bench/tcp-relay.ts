/**
 * Stands between the callers and a server, as a process of its own, so that it can be stopped: then its connections stay
 * open and nothing comes through, as on a network that drops packets. It only forwards.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { answerParent } from './worker-link';

export interface RelayQuestion {
  /** Of the server. */
  readonly port: number;
  /** How many connections the system takes before the relay has accepted them. */
  readonly backlog: number;
}
export interface RelayAnswer {
  readonly port: number;
}

function pass(from: Socket, to: Socket): void {
  from.setNoDelay(true);
  from.on('data', (data) => to.write(data));
  from.on('error', () => to.destroy());
  from.once('close', () => to.destroy());
}

answerParent(async ({ port, backlog }: RelayQuestion): Promise<RelayAnswer> => {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog }, resolve));
  return { port: (server.address() as AddressInfo).port };
});
