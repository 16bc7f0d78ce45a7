/**
 * What `understudy report` shows: the calls that clients told the agents of, and the incidents, put together from all agents.
 */
import type { TallyMinute } from '../core/measure/call-tally';
import { addTallies } from '../core/measure/call-tally';
import { addMethods, type MethodTallies } from '../core/measure/method-tally';
import { serviceReport, type Observation, type ServiceReport } from '../core/measure/service-report';
import { complainOf, incidentsOf } from './faults';
import { EXIT, OperatorError } from './operator-error';
import type { OperatorTools } from './operator-run';
import { movesOf } from './moves';
import { reportHtml } from './report-html';
import { reportText } from './report-text';

export type ReportForm = 'text' | 'json' | 'html';

/** @returns 4 when an agent did not answer, since something may be missing */
export async function report(tools: OperatorTools, service: string, agoMs: number, form: ReportForm): Promise<number> {
  const sinceUnixMs = tools.nowUnixMs - agoMs;
  const { incidents, silent } = await incidentsOf(tools, { service, sinceUnixMs });
  const query = new URLSearchParams({ service, since: String(Math.floor(sinceUnixMs)) });
  const { answers } = await tools.agents.askAll(`/v1/calls?${query.toString()}`);
  const moves = await movesOf(tools, service, sinceUnixMs);
  const told = answers.map(({ body }) => body as unknown as Told);
  const minutes = byMinute(told.flatMap((one) => one.minutes));
  const methods = told.reduce<MethodTallies>((sum, one) => addMethods(sum, one.methods ?? {}), {});
  const observations = told.flatMap((one) => one.observations);
  if (observations.length === 0 && minutes.length === 0 && incidents.length === 0) {
    complainOf(tools, silent);
    throw new OperatorError(EXIT.usage, `no agent that can be asked knows a service ${service}`);
  }
  // What a journal tells of the time before its agent's last start was watched too.
  const watched = observations.map((one) => {
    const first = incidents.find(({ instance }) => instance === one.instance)?.startedUnixMs ?? Infinity;
    return { ...one, sinceUnixMs: Math.min(one.sinceUnixMs, first) };
  });
  const { nowUnixMs } = tools;
  const made = serviceReport({
    ...{ service, sinceUnixMs, nowUnixMs, minutes, methods, incidents, moves },
    observations: watched,
  });
  tools.print(shown(made, form));
  return complainOf(tools, silent);
}

interface Told {
  readonly minutes: readonly TallyMinute[];
  /** An agent of an earlier version tells none. */
  readonly methods?: MethodTallies;
  readonly observations: readonly Observation[];
}

function shown(made: ServiceReport, form: ReportForm): string {
  if (form === 'json') return JSON.stringify({ schema: 1, ...made });
  return form === 'html' ? reportHtml(made) : reportText(made);
}

function byMinute(minutes: readonly TallyMinute[]): readonly TallyMinute[] {
  const sums = new Map<number, TallyMinute>();
  for (const one of minutes) {
    const known = sums.get(one.atUnixMs);
    sums.set(one.atUnixMs, known === undefined ? one : { atUnixMs: one.atUnixMs, ...addTallies(known, one) });
  }
  return [...sums.values()].sort((a, b) => a.atUnixMs - b.atUnixMs);
}
