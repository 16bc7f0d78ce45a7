/**
 * What one service of the agent is given, and what it tells of itself. Types only.
 */
import type { CallsSeen } from '../core/decide/let-go';
import type { BeatHealth } from '../core/domain/health';
import type { HookRung } from './service-config';
import type { Hook } from './hooks/hook';
import type { IncidentPorts } from './incident-tracker';
import type { LoopWatch } from './loop-watch';
import type { MembershipPorts } from './membership-loop';
import type { ProcessFigures, ProcessWatch } from './process-watch';
import type { Journal, NeighbourProcesses, Probe, ServerExit, ServerLauncher } from './ports';

export interface ServicePorts extends MembershipPorts {
  readonly probe: Probe;
  /** Of what all servers share, where the configuration names it. */
  readonly dependencyProbe?: Probe;
  readonly loopWatch: LoopWatch;
  readonly journal: Journal;
  readonly onRecord?: IncidentPorts['onRecord'];
  readonly hookOf: (rung: HookRung) => Hook;
  /** Given: the server is a child of this agent. */
  readonly launcher?: ServerLauncher;
  /** Of that child. */
  readonly processWatch?: Pick<ProcessWatch, 'run' | 'warning' | 'figures'>;
  /** Given: the server runs on its own, and is ended when it is ill. */
  readonly neighbour?: NeighbourProcesses;
  /** The server command could not be started even once. */
  readonly onCannotStart: (exit: ServerExit) => void;
}

export interface ServiceFigures {
  readonly service: string;
  readonly id: string;
  /** Id of the open incident. */
  readonly incident: string | undefined;
  readonly health: BeatHealth;
  readonly reason: string;
  readonly registered: boolean;
  readonly probes: number;
  readonly failures: number;
  readonly restarts: number;
  /** What the child's processes used at the last look; undefined: nobody looked. */
  readonly process?: ProcessFigures | undefined;
  /** The server's calls at the last probe; undefined: it does not tell them. */
  readonly calls: CallsSeen | undefined;
}
