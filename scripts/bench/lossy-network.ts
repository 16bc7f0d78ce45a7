/**
 * A way to one server on which packets can get lost, for whoever goes it: callers and proxies alike. Established connections
 * stay open and silent, and new ones are never made, because the system drops a SYN when the backlog is full.
 */
import { connect, type Socket } from 'node:net';
import type { Site } from './site';
import type { RelayAnswer, RelayQuestion } from './tcp-relay';
import { startWorker, type Worker } from './worker-link';

/** Enough for the connections that a proxy opens at once while nothing is wrong. */
const BACKLOG = 32;

export class LossyNetwork {
  private readonly fillers: Socket[] = [];

  private constructor(
    private readonly relay: Worker<RelayQuestion, RelayAnswer>,
    /** Of the loopback address; leads to the server. */
    readonly port: number,
  ) {}

  static async to(port: number, site: Site): Promise<LossyNetwork> {
    const relay = await startWorker<RelayQuestion, RelayAnswer>('tcp-relay');
    site.own(relay.child);
    const answer = await relay.ask({ port, backlog: BACKLOG });
    return new LossyNetwork(relay, answer.port);
  }

  lose(): void {
    this.relay.child.kill('SIGSTOP');
    for (let made = 0; made < BACKLOG + 2; made += 1) {
      this.fillers.push(connect(this.port, '127.0.0.1').on('error', () => undefined));
    }
  }

  /** What was on the way arrives late. */
  heal(): void {
    for (const filler of this.fillers) filler.destroy();
    this.relay.child.kill('SIGCONT');
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.heal();
    await this.relay.stop();
  }
}
