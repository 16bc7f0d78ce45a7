/**
 * One established connection between a caller and a server: carries calls and health checks over the simulated network, and
 * ends all of them when it breaks. What runs at the caller's end runs in the caller's process.
 */
import { Metadata, status } from '@grpc/grpc-js';
import type { Engine } from './engine';
import type { Network, Stream } from './network';
import type { Answer, ServerPeer, SimServer } from './server';
import type { SimProcess } from './sim-process';

export interface WireEnds {
  readonly engine: Engine;
  readonly network: Network;
  readonly client: string;
  readonly process: SimProcess;
  readonly server: SimServer;
}

export interface WireStatus {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
  /** HTTP/2's RST_STREAM code: 7 says that the server did nothing. */
  readonly rstCode?: number;
}

export type EndListener = (end: WireStatus) => void;

const REFUSED_STREAM = 7;
/** TCP sends again to a machine that is dark, at least this often. */
const DARK_RETRY_MS = 1_000;

export class Wire implements ServerPeer {
  private readonly up: Stream = { lastAtMs: 0 };
  private readonly down: Stream = { lastAtMs: 0 };
  private readonly open = new Set<EndListener>();
  private readonly watchers = new Set<(serving: boolean) => void>();
  private readonly incarnation: number;
  private closed = false;
  private abandoned = false;

  constructor(
    private readonly ends: WireEnds,
    private readonly onLost: () => void,
  ) {
    this.incarnation = ends.server.incarnation;
    ends.server.join(this);
  }

  /** One call. `onEnd` is told exactly once, unless `drop` comes first. */
  call(id: number, onEnd: EndListener): { readonly drop: () => void } {
    this.open.add(onEnd);
    const end = (answer: Answer): void => this.back(() => this.finish(onEnd, endOf(answer)), true);
    this.forth(() => this.ends.server.execute(id, end), true);
    return { drop: () => this.finish(onEnd, null) };
  }

  /** Asks once whether it serves. */
  check(onAnswer: (serving: boolean) => void, onEnd: EndListener): { readonly drop: () => void } {
    this.open.add(onEnd);
    this.forth(() => {
      const serving = this.ends.server.isServing;
      this.back(() => {
        if (!this.open.has(onEnd)) return;
        onAnswer(serving);
        this.finish(onEnd, endOf('ok'));
      });
    });
    return { drop: () => this.finish(onEnd, null) };
  }

  /** Follows whether it serves. */
  watch(onAnswer: (serving: boolean) => void, onEnd: EndListener): { readonly drop: () => void } {
    this.open.add(onEnd);
    this.forth(() => {
      const { isServing } = this.ends.server;
      this.back(() => onAnswer(isServing));
      this.watchers.add(onAnswer);
    });
    return {
      drop: () => {
        this.watchers.delete(onAnswer);
        this.finish(onEnd, null);
      },
    };
  }

  reset(): void {
    this.back(() => this.lose());
  }

  told(serving: boolean): void {
    for (const watcher of this.watchers) this.back(() => watcher(serving));
  }

  /** The caller needs it no longer; what is under way may still end. */
  abandon(): void {
    this.abandoned = true;
    this.watchers.clear();
    if (this.open.size === 0) this.close();
  }

  private close(): void {
    this.closed = true;
    this.ends.server.leave(this);
  }

  private lose(): void {
    this.close();
    const end = { code: status.UNAVAILABLE, details: 'Connection dropped', metadata: new Metadata() };
    for (const onEnd of [...this.open]) this.finish(onEnd, end);
    if (!this.abandoned) this.onLost();
  }

  private finish(onEnd: EndListener, end: WireStatus | null): void {
    if (!this.open.delete(onEnd)) return;
    if (end !== null) onEnd(end);
    if (this.abandoned && this.open.size === 0) this.close();
  }

  private forth(work: () => void, quick = false): void {
    const { network, client, server } = this.ends;
    network.send(client, server.id, this.up, () => this.atServer(work), quick);
  }

  private atServer(work: () => void): void {
    const { engine, server } = this.ends;
    if (this.closed) return;
    if (server.isDark) engine.at(engine.nowMs + DARK_RETRY_MS, () => this.atServer(work));
    else if (!server.isUp || server.incarnation !== this.incarnation) this.reset();
    else server.whenAwake(work);
  }

  private back(work: () => void, quick = false): void {
    const { network, client, server, process } = this.ends;
    const arrive = (): void => {
      process.take(() => {
        if (!this.closed) work();
      });
    };
    network.send(server.id, client, this.down, arrive, quick);
  }
}

function endOf(answer: Answer): WireStatus {
  const metadata = new Metadata();
  if (answer === 'ok') return { code: status.OK, details: 'OK', metadata };
  const details = answer === 'unavailable' ? 'the server is ill' : 'Stream refused by server';
  const end = { code: status.UNAVAILABLE, details, metadata };
  return answer === 'unavailable' ? end : { ...end, rstCode: REFUSED_STREAM };
}
