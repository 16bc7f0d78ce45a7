/**
 * Decides which moves of clients belong to an incident: those of its service and time that concern its instance or the
 * tiers. Clocks differ between machines, and clients act before and after the agent, so the time is wider than the incident.
 */
import type { Incident } from '../domain/incident-record';
import type { KeptMove } from '../domain/move';

/** Clients may know long before the agent what only calls show. */
const BEFORE_MS = 10_000;
/** A failback comes after its hold. */
const AFTER_MS = 60_000;

export function movesSinceUnixMs({ startedUnixMs }: Pick<Incident, 'startedUnixMs'>): number {
  return startedUnixMs - BEFORE_MS;
}

/** Oldest first; what two agents were told counts once. */
export function movesOfIncident(incident: Incident, moves: readonly KeptMove[]): readonly KeptMove[] {
  const { service, instance, phase, steps, startedUnixMs } = incident;
  const fromUnixMs = movesSinceUnixMs(incident);
  const endUnixMs = phase === 'closed' ? (steps.at(-1)?.atUnixMs ?? startedUnixMs) + AFTER_MS : Infinity;
  return eachOnce(moves).filter(
    (move) =>
      move.service === service &&
      move.atUnixMs >= fromUnixMs &&
      move.atUnixMs <= endUnixMs &&
      (!('instance' in move) || move.instance === instance),
  );
}

/** Oldest first, each move of a client once. */
export function eachOnce(moves: readonly KeptMove[]): readonly KeptMove[] {
  const byName = new Map(moves.map((move) => [`${move.client} ${move.seq}`, move]));
  return [...byName.values()].sort((a, b) => a.atUnixMs - b.atUnixMs || a.seq - b.seq);
}
