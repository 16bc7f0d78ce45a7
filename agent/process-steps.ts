/**
 * Decides what of the life of a server's process belongs into its incident: which step a new phase of a child or of a
 * neighbour is on record. It records nothing.
 */
import type { NeighbourPhase } from '../core/decide/neighbour';
import type { RestartPhase } from '../core/decide/restart';
import type { IncidentEvent } from '../core/domain/incident';
import type { LogLevel } from './ports';

export interface ChildFacts {
  readonly pid: number | undefined;
  /** The stop under way is an operator's wish and no fault. */
  readonly asked: boolean;
  /** An incident is open already. */
  readonly known: boolean;
}

/** @param phase of the child, which it has just entered */
export function childSteps(phase: RestartPhase, sentence: string, facts: ChildFacts): readonly IncidentEvent[] {
  const said = { source: 'child', sentence } as const;
  switch (phase.name) {
    case 'waiting':
      return [{ ...said, kind: 'decided' }];
    case 'given-up':
      return [{ ...said, kind: 'given-up' }];
    case 'idle':
      return [{ ...said, kind: 'note' }];
    case 'running':
      return phase.proven ? [] : [{ ...said, kind: 'acted', action: 'start', ok: true, ...withPid(facts.pid) }];
    case 'stopping':
      // A server that never passed a probe is not told ill by the probes but by its time.
      return phase.final
        ? []
        : [
            ...(facts.known || facts.asked ? [] : [{ ...said, kind: 'detected' as const, sentence: phase.why }]),
            { ...said, kind: 'acted', action: signalOf(phase), ok: true },
          ];
    case 'ended':
      return [];
  }
}

/** @param phase of the neighbour, which it has just entered */
export function neighbourStep(phase: NeighbourPhase, sentence: string): IncidentEvent {
  const said = { source: 'neighbour', sentence } as const;
  if (phase.name === 'given-up') return { ...said, kind: 'given-up' };
  if (phase.name === 'watching') return { ...said, kind: 'decided' };
  return { ...said, kind: 'acted', action: signalOf(phase), ok: true };
}

/** @param phase of the child at the moment when its process ended */
export function exitStep(
  phase: RestartPhase | undefined,
  sentence: string,
  pid: number | undefined,
): IncidentEvent | undefined {
  const said = { source: 'child', sentence, ...withPid(pid) } as const;
  if (phase?.name === 'running') return { ...said, kind: 'detected' };
  if (phase?.name === 'stopping' && !phase.final) return { ...said, kind: 'acted', action: 'stop', ok: true };
  return undefined;
}

/** How loud the log is about a phase of the child. */
export function loudness(phase: RestartPhase): LogLevel {
  if (phase.name === 'given-up') return 'error';
  const trouble = phase.name === 'waiting' || (phase.name === 'stopping' && !phase.final);
  return trouble ? 'warn' : 'info';
}

function signalOf({ killAtMs }: { readonly killAtMs?: number | undefined }): 'SIGKILL' | 'SIGTERM' {
  return killAtMs === undefined ? 'SIGKILL' : 'SIGTERM';
}

function withPid(pid: number | undefined): { readonly pid?: number } {
  return pid === undefined ? {} : { pid };
}
