/**
 * Shows incidents to people: one line each, or the whole story of one. Pure.
 */
import type { IncidentStep } from '../core/domain/incident';
import type { Incident } from '../core/domain/incident-record';
import type { KeptMove } from '../core/domain/move';
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

/** The story of one: when, how long after the first evidence, who, and what. Each line by the clock of who tells it. */
export function storyText(incident: Incident, moves: readonly KeptMove[]): string {
  const { id, service, instance, agent, startedUnixMs, phase, outcome, cause } = incident;
  const head = [
    ['incident', id],
    ['instance', `${instance} of ${service}, looked after by ${agent}`],
    ['began', timeText(startedUnixMs)],
    ['cause', cause],
    ['state', outcome ?? `open, ${phase}`],
    ['out of service', outText(incident)],
  ];
  const steps = inOrder(incident.steps, moves).map((one) => ('client' in one ? moveRow(one, incident) : stepRow(one)));
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
  const known = moves.length > 0 ? [] : ['', 'no client told of a move: those that have reportTo do'];
  return [columns(head), '', columns(steps), ...known, ...outputs].join('\n');
}

/** Steps stay in their order, also where a clock went back; a move stands before the first step that is later. */
function inOrder(steps: readonly IncidentStep[], moves: readonly KeptMove[]): readonly (IncidentStep | KeptMove)[] {
  const left = [...moves];
  const untold = (untilUnixMs: number): readonly KeptMove[] => {
    const later = left.findIndex(({ atUnixMs }) => atUnixMs >= untilUnixMs);
    return left.splice(0, later < 0 ? left.length : later);
  };
  return [...steps.flatMap((step) => [...untold(step.atUnixMs), step]), ...left];
}

function stepRow(step: IncidentStep): readonly string[] {
  const { atUnixMs, afterMs, source, kind, sentence } = step;
  return [timeText(atUnixMs).slice(11), `+${tookText(afterMs)}`, source, kind, `${sentence}${factsText(step)}`];
}

const TOOK: Readonly<Record<KeptMove['kind'], string>> = {
  failover: 'after the first sign',
  ejected: 'after the first sign',
  failback: 'after it was fit again',
  returned: 'after it was ejected',
};

function moveRow(move: KeptMove, { startedUnixMs }: Incident): readonly string[] {
  const { atUnixMs, client, kind, afterMs, reason } = move;
  const what = 'instance' in move ? move.instance : `tier ${move.from} to ${move.to}`;
  const took = afterMs === undefined ? '' : ` [${tookText(afterMs)} ${TOOK[kind]}]`;
  const sinceMs = atUnixMs - startedUnixMs;
  const since = `${sinceMs < 0 ? '-' : '+'}${tookText(Math.abs(sinceMs))}`;
  return [timeText(atUnixMs).slice(11), since, `client ${client}`, kind, `${what}: ${reason}${took}`];
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
