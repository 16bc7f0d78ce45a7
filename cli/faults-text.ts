/**
 * Shows incidents to people: one line each, or the whole story of one. Pure.
 */
import type { IncidentStep } from '../core/domain/incident';
import type { Incident } from '../core/domain/incident-record';
import { columns, printable, tookText } from './printable';

/** Newest last. */
export function faultsText(incidents: readonly Incident[]): string {
  if (incidents.length === 0) return 'no incident';
  const heading = ['INCIDENT', 'SERVICE', 'INSTANCE', 'BEGAN', 'OUT', 'STATE', 'CAUSE'];
  const rows = incidents.map((one) => [
    ...[one.id, one.service, one.instance, timeText(one.startedUnixMs), outText(one)],
    ...[one.outcome ?? one.phase, one.cause],
  ]);
  return columns([heading, ...rows]);
}

/** The story of one: when, how long after the first evidence, who, and what. */
export function storyText(incident: Incident): string {
  const { id, service, instance, agent, startedUnixMs, phase, outcome, cause } = incident;
  const head = [
    ['incident', id],
    ['instance', `${instance} of ${service}, looked after by ${agent}`],
    ['began', timeText(startedUnixMs)],
    ['cause', cause],
    ['state', outcome ?? `open, ${phase}`],
    ['out of service', outText(incident)],
  ];
  const steps = incident.steps.map((step) => [
    ...[timeText(step.atUnixMs).slice(11), `+${tookText(step.afterMs)}`, step.source, step.kind],
    `${step.sentence}${factsText(step)}`,
  ]);
  const outputs = incident.steps.flatMap(({ output = '', action = '' }) =>
    output === ''
      ? []
      : [
          `\noutput of ${action}:\n${output
            .split('\n')
            .map((line) => `  ${printable(line)}`)
            .join('\n')}`,
        ],
  );
  return [columns(head), '', columns(steps), ...outputs].join('\n');
}

function factsText({ action, attempt, ok, tookMs, pid }: IncidentStep): string {
  const facts = [
    action,
    attempt === undefined ? undefined : `attempt ${attempt}`,
    ok === false ? 'failed' : undefined,
    tookMs === undefined ? undefined : `took ${tookText(tookMs)}`,
    pid === undefined ? undefined : `pid ${pid}`,
  ].filter((fact) => fact !== undefined);
  return facts.length === 0 ? '' : ` [${facts.join(', ')}]`;
}

/** How long callers were without it. */
function outText({ downTimes, phase }: Incident): string {
  const ms = downTimes.reduce((sum, { fromMs, toMs }) => sum + Math.max(0, (toMs ?? fromMs) - fromMs), 0);
  const open = downTimes.some(({ toMs }) => toMs === undefined);
  if (!open) return tookText(ms);
  return phase === 'closed' ? 'never came back' : ms === 0 ? 'still' : `${tookText(ms)}, and still`;
}

function timeText(unixMs: number): string {
  return new Date(unixMs).toISOString().replace('T', ' ');
}
