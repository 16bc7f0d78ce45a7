/**
 * What can be done to the primary's server, from the outside, as it happens in life.
 */
import { credentials } from '@grpc/grpc-js';
import { FaultsClient } from '../../proto/calculator';
import type { Node } from './cluster';

export const FAULTS = ['kill', 'stop', 'sick', 'drain'] as const;
export type FaultName = (typeof FAULTS)[number];

export interface Fault {
  /** What will be done, in words. */
  readonly what: string;
  strike(): Promise<void>;
}

/** Nothing happens yet: the moment belongs to whoever calls `strike`. */
export async function prepareFault(name: FaultName, node: Node): Promise<Fault> {
  const pid = await node.serverPid();
  const send = (signal: NodeJS.Signals) => (): Promise<void> => {
    process.kill(pid, signal);
    return Promise.resolve();
  };
  switch (name) {
    case 'kill':
      return { what: `kill -9 of ${node.id} (pid ${pid})`, strike: send('SIGKILL') };
    case 'stop':
      return {
        what: `SIGSTOP to ${node.id} (pid ${pid}): its sockets stay open, nothing answers`,
        strike: send('SIGSTOP'),
      };
    case 'drain':
      return { what: `SIGTERM to ${node.id} (pid ${pid}): it drains`, strike: send('SIGTERM') };
    case 'sick':
      return {
        what: `${node.id} falls ill: it says NOT_SERVING and answers every call UNAVAILABLE`,
        strike: () => makeSick(node.port),
      };
  }
}

function makeSick(port: number): Promise<void> {
  const client = new FaultsClient(`127.0.0.1:${port}`, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.SetFault({ kind: 'SICK' }, (error) => {
      client.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
}
