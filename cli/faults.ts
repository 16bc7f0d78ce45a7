/**
 * What `understudy faults` and `understudy explain` show: the incidents of all agents, put together.
 */
import type { Incident } from '../core/domain/incident-record';
import { movesOfIncident, movesSinceUnixMs } from '../core/measure/incident-moves';
import { faultsText, storyText } from './faults-text';
import { movesOf } from './moves';
import { EXIT, OperatorError } from './operator-error';
import type { OperatorTools } from './operator-run';

export interface FaultsQuery {
  readonly service?: string;
  readonly sinceUnixMs?: number;
}

/** @returns 4 when an agent did not answer, since something may be missing */
export async function faults(tools: OperatorTools, query: FaultsQuery, json: boolean): Promise<number> {
  const { incidents, silent } = await incidentsOf(tools, query);
  tools.print(json ? JSON.stringify({ schema: 1, incidents, silent }) : faultsText(incidents));
  return complainOf(tools, silent);
}

export async function explain(tools: OperatorTools, id: string, json: boolean): Promise<number> {
  const { incidents, silent } = await incidentsOf(tools, {});
  const incident = incidents.find((one) => one.id === id);
  if (incident !== undefined) {
    const told = await movesOf(tools, incident.service, movesSinceUnixMs(incident));
    const moves = movesOfIncident(incident, told);
    tools.print(json ? JSON.stringify({ schema: 1, incident, moves }) : storyText(incident, moves));
    return complainOf(tools, silent);
  }
  complainOf(tools, silent);
  throw new OperatorError(EXIT.usage, `no agent knows an incident ${id}; understudy faults lists them`);
}

/** Oldest first. Agents that share a journal tell the same incident; the one with more to tell is taken. */
export async function incidentsOf(
  { agents }: OperatorTools,
  { service, sinceUnixMs }: FaultsQuery,
): Promise<{ readonly incidents: readonly Incident[]; readonly silent: readonly string[] }> {
  const query = new URLSearchParams({
    ...(service !== undefined && { service }),
    ...(sinceUnixMs !== undefined && { since: String(Math.floor(sinceUnixMs)) }),
  });
  const { answers, silent } = await agents.askAll(`/v1/incidents?${query.toString()}`);
  const byId = new Map<string, Incident>();
  for (const one of answers.flatMap(({ body }) => (body['incidents'] ?? []) as readonly Incident[])) {
    const known = byId.get(one.id);
    if (known === undefined || known.steps.length < one.steps.length) byId.set(one.id, one);
  }
  return { incidents: [...byId.values()].sort((a, b) => a.startedUnixMs - b.startedUnixMs), silent };
}

/** @returns the exit code of an answer that may be incomplete */
export function complainOf({ warn }: OperatorTools, silent: readonly string[]): number {
  for (const sentence of silent) warn(`incomplete: ${sentence}`);
  return silent.length === 0 ? EXIT.done : EXIT.away;
}
