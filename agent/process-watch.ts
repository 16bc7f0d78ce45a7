/**
 * Looks after the process of a child at a fixed rate, from each start to its end: how much it uses, and whether that is too
 * much. It is the launcher of that child, so it always knows which process it is. It warns, and acts on nothing.
 */
import { judgeLoad, NO_LOOK, type LoadState, type ProcessUse } from '../core/detect/process-load';
import type { Clock } from '../core/time/clock';
import { sleep } from '../runtime/sleep';
import type { ServerExit, ServerLauncher, ServerProcess } from './ports';
import type { ProcessConfig } from './service-config';

export interface ProcessWatchPorts {
  readonly launcher: ServerLauncher;
  readonly clock: Clock;
  /** What the group of a process uses; undefined: it is gone, or nothing is known of processes here. */
  readonly use: { read(pid: number): ProcessUse | undefined };
}

/** What is told of a server's processes. */
export interface ProcessFigures extends ProcessUse {
  /** On average since the look before. */
  readonly cpuCores?: number;
}

export class ProcessWatch implements ServerLauncher {
  private pid: number | undefined;
  private state: LoadState = NO_LOOK;

  constructor(
    private readonly config: ProcessConfig,
    private readonly ports: ProcessWatchPorts,
  ) {}

  /** What it uses too much of, in words; undefined: of nothing. */
  get warning(): string | undefined {
    return this.state.reason;
  }

  /** Of the last look; undefined: there was none at this process. */
  get figures(): ProcessFigures | undefined {
    const { use, cpuCores } = this.state;
    return use && { ...use, ...(cpuCores !== undefined && { cpuCores }) };
  }

  launch(onExit: (exit: ServerExit) => void, more?: NodeJS.ProcessEnv): ServerProcess {
    return this.follow(this.ports.launcher.launch(this.ending(onExit), more));
  }

  takeUp(onExit: (exit: ServerExit) => void): ServerProcess | undefined {
    const server = this.ports.launcher.takeUp?.(this.ending(onExit));
    return server && this.follow(server);
  }

  /** Runs until `signal` aborts; never rejects. `onWarning`: a warning has come or gone. */
  async run(signal: AbortSignal, onWarning: () => void): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.ports.clock, this.config.intervalMs, signal);
      const before = this.warning;
      this.look();
      if ((this.warning === undefined) !== (before === undefined)) onWarning();
    }
  }

  private look(): void {
    const use = this.pid === undefined ? undefined : this.ports.use.read(this.pid);
    this.state = use === undefined ? NO_LOOK : judgeLoad(this.state, use, this.ports.clock.nowMs(), this.config.limits);
  }

  private follow(server: ServerProcess): ServerProcess {
    this.pid = server.pid;
    this.state = NO_LOOK;
    return server;
  }

  private ending(onExit: (exit: ServerExit) => void): (exit: ServerExit) => void {
    return (exit) => {
      this.pid = undefined;
      this.state = NO_LOOK;
      onExit(exit);
    };
  }
}
