/**
 * A gRPC server process and the machine under it: it executes calls and writes down which, answers health checks, and can be
 * ill in every way a schedule asks for. It knows nothing of agents and callers.
 */
import type { Engine } from './engine';
import type { Random } from './random';

/** `sick`: says SERVING and fails its calls. `half`: executes them, and then fails. `hung`: accepts, and is silent. */
export type ServerMode = 'well' | 'sick' | 'half' | 'hung' | 'slow' | 'refusing';

export interface Execution {
  readonly call: number;
  readonly server: string;
  readonly atMs: number;
}

/** What a connection needs to hear of. */
export interface ServerPeer {
  /** The process is gone, and its machine says so. */
  reset(): void;
  told(serving: boolean): void;
}

export type Answer = 'ok' | 'unavailable' | 'refused-stream';

export class SimServer {
  mode: ServerMode = 'well';
  /** A process listens. */
  isUp = false;
  /** Without power: nothing is answered, not even that nothing listens. */
  isDark = false;
  /** Tells the processes apart. */
  incarnation = 0;
  /** It is ending: what comes now is refused. */
  isDraining = false;
  onStart: () => void = () => undefined;
  onEnd: () => void = () => undefined;
  private readonly peers = new Set<ServerPeer>();
  private backlog: (() => void)[] = [];
  private illness: symbol | null = null;
  /** What those who follow its health were told; a process that hangs tells nobody. */
  private said = true;

  constructor(
    readonly id: string,
    private readonly engine: Engine,
    private readonly random: Random,
    private readonly onExecution: (execution: Execution) => void,
  ) {}

  get isServing(): boolean {
    return this.isUp && !this.isDraining && this.mode !== 'refusing';
  }

  /** It would answer a call well and soon. */
  get isWell(): boolean {
    return this.isServing && this.mode === 'well' && !this.isDark;
  }

  start(): void {
    this.isUp = true;
    this.isDraining = false;
    this.said = this.isServing;
    this.incarnation += 1;
    this.onStart();
  }

  /** The process ends. @param silently the machine lost its power: nobody is told */
  end(silently = false): void {
    if (this.isUp) this.onEnd();
    this.isUp = false;
    this.backlog = [];
    const peers = [...this.peers];
    this.peers.clear();
    if (!silently) for (const peer of peers) peer.reset();
  }

  drain(): void {
    this.isDraining = true;
    this.say(false);
  }

  /** Makes this process ill. @returns how it gets well again, if it still is the same process, and ill of nothing else */
  fall(mode: ServerMode): () => void {
    const illness = Symbol(mode);
    this.illness = illness;
    this.become(mode);
    return () => {
      if (this.illness === illness) this.become('well');
    };
  }

  /** A new process has none of the old one's illness. */
  renew(): void {
    this.illness = null;
    this.mode = 'well';
  }

  private become(mode: ServerMode): void {
    this.mode = mode;
    if (mode === 'hung') return;
    for (const work of this.backlog.splice(0)) work();
    if (this.said !== this.isServing) this.say(this.isServing);
  }

  private say(serving: boolean): void {
    this.said = serving;
    for (const peer of this.peers) peer.told(serving);
  }

  join(peer: ServerPeer): void {
    this.peers.add(peer);
  }

  leave(peer: ServerPeer): void {
    this.peers.delete(peer);
  }

  /** Does `work` when the process can: at once, or when it no longer hangs. */
  whenAwake(work: () => void): void {
    if (this.mode === 'hung') this.backlog.push(work);
    else work();
  }

  /** Executes one call, and says how it ended, later; a process that ends meanwhile says nothing. */
  execute(call: number, answer: (end: Answer) => void): void {
    const { incarnation } = this;
    if (this.isDraining) {
      answer('refused-stream');
      return;
    }
    const fails = this.mode === 'sick' || this.mode === 'half' || this.mode === 'refusing';
    if (!fails || this.mode === 'half') this.onExecution({ call, server: this.id, atMs: this.engine.nowMs });
    const tookMs = this.mode === 'slow' ? this.random.between(200, 700) : this.random.between(0.5, 4);
    this.engine.at(
      this.engine.nowMs + tookMs,
      () => {
        if (!this.isUp || this.incarnation !== incarnation) return;
        this.whenAwake(() => answer(fails ? 'unavailable' : 'ok'));
      },
      true,
    );
  }
}
