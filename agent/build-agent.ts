/**
 * Puts the parts of an agent together over its ports. It opens nothing and starts nothing.
 */
import type { Incident } from '../core/domain/incident-record';
import type { Clock, Rng } from '../core/time/clock';
import { Agent, type Duty } from './agent';
import { AgentEntry, type AdminAddress } from './admin/agent-entry';
import { Complaint } from './complaint';
import type { Hook } from './hooks/hook';
import { LoopWatch } from './loop-watch';
import type { AgentRegistry } from './membership-loop';
import type { Journal, Log, NeighbourProcesses, Probe, ServerExit, ServerLauncher } from './ports';
import { ProcessWatch, type ProcessWatchPorts } from './process-watch';
import { ReconcileLoop } from './reconcile-loop';
import type { HookRung, ServiceConfig } from './service-config';
import type { ServicePorts } from './service-ports';
import { ServiceRunner } from './service-runner';

export interface AgentPorts {
  readonly registry: AgentRegistry;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly journal: Journal;
  /** Incidents of earlier runs that are still open. */
  readonly left?: readonly Incident[];
  readonly onRecord?: ServicePorts['onRecord'];
  readonly duties?: readonly Duty[];
  /** Given: the agent registers itself under this address. */
  readonly admin?: AdminAddress;
  readonly hookOf: (rung: HookRung) => Hook;
  readonly probeOf: (service: ServiceConfig) => Probe;
  /** Of what all servers of a service share; undefined: nothing is known of that. */
  readonly dependencyOf?: (service: ServiceConfig) => Probe | undefined;
  /** Given: the one service's server is a child. */
  readonly launcher?: ServerLauncher;
  /** Given: what the child's processes use is looked at. */
  readonly processUse?: ProcessWatchPorts['use'];
  /** Given and defined: the service's server runs on its own, and is ended when it is ill. */
  readonly neighbourOf?: (service: ServiceConfig) => NeighbourProcesses | undefined;
  readonly onCannotStart: (exit: ServerExit) => void;
}

// Divergence that nothing else noticed: rare enough to cost nothing, soon enough for a person who waits.
const COMPARE_EVERY_MS = 60_000;

export function buildAgent(services: readonly ServiceConfig[], owner: string, ports: AgentPorts): Agent {
  const { registry, clock, rng, log, journal, left = [], onCannotStart } = ports;
  const loopWatch = new LoopWatch(clock);
  const outage = new Complaint(clock, log);
  const refusal = new Complaint(clock, log, 'error');
  const shared = {
    registry,
    clock,
    rng,
    log,
    journal,
    hookOf: ports.hookOf,
    onRecord: ports.onRecord,
    outage,
    refusal,
    loopWatch,
    onCannotStart,
    onBack: () => reconciler.nudge(),
  };
  const runners = services.map((service) => {
    const neighbour = ports.neighbourOf?.(service);
    const dependencyProbe = ports.dependencyOf?.(service);
    const hands = { ...childOf(service, ports), ...(neighbour && { neighbour }) };
    return new ServiceRunner(service, owner, {
      ...{ ...shared, ...hands, probe: ports.probeOf(service) },
      ...(dependencyProbe && { dependencyProbe }),
    });
  });
  const [first] = services;
  const entry = ports.admin && first && new AgentEntry(ports.admin, owner, first.membership, shared);
  const timeoutMs = Math.max(...services.map(({ membership }) => membership.beatTimeoutMs));
  const reconciler = new ReconcileLoop(
    entry === undefined ? runners : [...runners, entry],
    { owner, everyMs: COMPARE_EVERY_MS, timeoutMs },
    { registry, clock, rng, log, outage },
  );
  return new Agent({
    services: runners,
    entry,
    left,
    reconciler,
    duties: ports.duties ?? [],
    loopWatch,
    clock,
    log,
  });
}

function childOf(
  { process }: ServiceConfig,
  { launcher, clock, processUse: use }: AgentPorts,
): Pick<ServicePorts, 'launcher' | 'processWatch'> {
  if (launcher === undefined || process === undefined || use === undefined) return { ...(launcher && { launcher }) };
  const processWatch = new ProcessWatch(process, { launcher, clock, use });
  return { launcher: processWatch, processWatch };
}
