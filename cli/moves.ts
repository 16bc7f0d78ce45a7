/**
 * Asks all agents for the moves that the clients of a service told them of.
 */
import type { KeptMove } from '../core/domain/move';
import { eachOnce } from '../core/measure/incident-moves';
import type { OperatorTools } from './operator-run';

/** Oldest first. An agent of an earlier version knows none, and one that is silent was complained of already. */
export async function movesOf(
  { agents }: OperatorTools,
  service: string,
  sinceUnixMs: number,
): Promise<readonly KeptMove[]> {
  const query = new URLSearchParams({ service, since: String(Math.max(0, Math.floor(sinceUnixMs))) });
  const { answers } = await agents.askAll(`/v1/moves?${query.toString()}`);
  return eachOnce(answers.flatMap(({ body }) => (body['moves'] ?? []) as readonly KeptMove[]));
}
