/**
 * Stands between the callers and a server, as a process of its own, and can lose everything in both directions while the
 * connections stay open, as a network does that drops packets. New connections are accepted by the system and then
 * hear nothing either.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { answerParent } from './worker-link';

export type RelayQuestion = { readonly ask: 'open'; readonly port: number } | { readonly ask: 'lose' };
export interface RelayAnswer {
  readonly port: number;
}

const sockets = new Set<Socket>();
let lossy = false;
let target = 0;

const server = createServer((near) => {
  const far = connect(target, '127.0.0.1');
  join(near, far);
  join(far, near);
});

function join(from: Socket, to: Socket): void {
  sockets.add(from);
  from.setNoDelay(true);
  from.on('data', (data) => {
    if (!lossy) to.write(data);
  });
  from.on('error', () => to.destroy());
  from.once('close', () => {
    sockets.delete(from);
    if (!lossy) to.destroy();
  });
  if (lossy) from.pause();
}

async function answer(question: RelayQuestion): Promise<RelayAnswer> {
  if (question.ask === 'lose') {
    lossy = true;
    for (const socket of sockets) socket.pause();
  } else {
    target = question.port;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  return { port: (server.address() as AddressInfo).port };
}

answerParent(answer);
