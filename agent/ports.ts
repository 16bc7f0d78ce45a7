/**
 * What the loops of the agent need of the world: a log, a probe, a server process. Types alone, so that every loop can
 * be run in a test against stand-ins and a virtual clock.
 */
import type { CallsTold } from '../core/measure/calls-told';
import type { IncidentRecord } from '../core/domain/incident-record';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** One line per decision. A secret never gets here. */
export interface Log {
  write(level: LogLevel, message: string, fields?: LogFields): void;
}

/**
 * `pass`: the server is well. `refused`: nothing listens, or the connection broke. `answered-no`: the server itself said
 * that it is not well. `silent`: no answer in time, the one evidence that a deaf judge can produce himself.
 */
export type ProbeOutcome = 'pass' | 'refused' | 'answered-no' | 'silent';

export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  /** One sentence with the measured time, `SERVING in 1.2 ms`. */
  readonly reason: string;
  /** The server's calls, where it tells them. */
  readonly calls?: CallsTold;
}

/** `said`: the server has something else to say of itself. `lost`: it has ended the connection. */
export type ProbeNews = 'said' | 'lost';

/** An active check of one server. It keeps a connection between checks, so it has an owner who closes it. */
export interface Probe {
  /** Never rejects. An aborted check may end in any way: nobody listens any more. */
  check(signal: AbortSignal): Promise<ProbeResult>;
  /** Where a server tells by itself that something has changed: it is worth a check now. The last listener counts. */
  onNews?(listener: (news: ProbeNews) => void): void;
  /** Forgets the connection: the next check starts on a fresh one. */
  reset(): void;
  close(): void;
}

export interface ServerProcess {
  /** Signals the server's whole process group; false when it is gone. */
  signal(name: NodeJS.Signals): boolean;
  readonly pid: number | undefined;
}

/** A process of somebody else. `startedAt` tells it from a later one with the same id. */
export interface NeighbourProcess {
  readonly pid: number;
  readonly startedAt: string;
}

/** The processes that may be the server which this agent stands beside. */
export interface NeighbourProcesses {
  find(): readonly NeighbourProcess[];
  isAlive(process: NeighbourProcess): boolean;
  /** Why the signal could not be sent; undefined when it was sent, or the process is gone. */
  signal(process: NeighbourProcess, name: NodeJS.Signals): string | undefined;
}

export interface ServerExit {
  /** `exit code 1`, `signal SIGKILL`, `cannot start node: no such file`. */
  readonly how: string;
  /** Set when it never ran: the system's error code, `ENOENT`. */
  readonly spawnError?: string;
}

/** Starts the server command. `onExit` is called exactly once per launch, never during it, with nothing of the group left alive. */
export interface ServerLauncher {
  /** @param more for its environment */
  launch(onExit: (exit: ServerExit) => void, more?: NodeJS.ProcessEnv): ServerProcess;
  /** The server that an earlier run of this agent started and left running; undefined: there is none. */
  takeUp?(onExit: (exit: ServerExit) => void): ServerProcess | undefined;
}

/** Where incidents are kept. It never throws for want of a place: what cannot be written is said, and kept for a while. */
export interface Journal {
  /** Where it is, for people. */
  readonly description: string;
  append(record: IncidentRecord): void;
  /** Everything that is kept, oldest first. */
  read(): Promise<readonly IncidentRecord[]>;
  /** Drops what is older, as far as it lies apart from what is not. @returns how much, for people */
  forget(beforeUnixMs: number): number;
  /** What is closed is on the disk; idempotent. */
  close(): Promise<void>;
}
