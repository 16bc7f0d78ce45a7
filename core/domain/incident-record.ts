/**
 * An incident as it is read back: the records of a journal put together. It is content with less than everything, because a
 * journal may have been cut anywhere: what is missing is missing, and what is there is told.
 */
import type { IncidentStep, OpenPhase, Outcome } from './incident';

/** One line of the journal: a step and whose it is. */
export interface IncidentRecord extends IncidentStep {
  readonly incident: string;
  readonly service: string;
  readonly instance: string;
  /** The agent's stable id. */
  readonly agent: string;
}

/** A time during which the server was not fit for calls, ms since the incident's start; open while `toMs` is missing. */
export interface DownTime {
  readonly fromMs: number;
  /** When it was certain. */
  readonly detectedMs: number;
  readonly verifiedMs?: number;
  /** When the registry knew the server to be well again. */
  readonly toMs?: number;
}

export interface Incident {
  readonly id: string;
  readonly service: string;
  readonly instance: string;
  readonly agent: string;
  readonly startedUnixMs: number;
  /** `drill`: no fault, but a planned move of the calls that is under way. */
  readonly phase: OpenPhase | 'drill' | 'closed';
  readonly outcome?: Outcome;
  /** Why it began: the sentence of its detection. */
  readonly cause: string;
  readonly downTimes: readonly DownTime[];
  readonly steps: readonly IncidentStep[];
}

/** Incidents from records in any order, oldest first. A record that stands twice counts once. */
export function foldIncidents(records: readonly IncidentRecord[]): readonly Incident[] {
  const byId = new Map<string, Map<number, IncidentRecord>>();
  for (const record of records) {
    const known = byId.get(record.incident) ?? new Map<number, IncidentRecord>();
    byId.set(record.incident, known.set(record.seq, known.get(record.seq) ?? record));
  }
  return [...byId.values()]
    .map((one) => fold([...one.values()].sort((a, b) => a.seq - b.seq)))
    .sort((a, b) => a.startedUnixMs - b.startedUnixMs || (a.id < b.id ? -1 : 1));
}

/** Whether it belongs to a service, to an instance, or happened since a time; what is not asked for is no condition. */
export function incidentMatches(
  incident: Incident,
  query: { readonly service?: string; readonly sinceUnixMs?: number },
): boolean {
  const endUnixMs = incident.steps.at(-1)?.atUnixMs ?? incident.startedUnixMs;
  const recent = query.sinceUnixMs === undefined || incident.phase !== 'closed' || endUnixMs >= query.sinceUnixMs;
  return recent && (query.service === undefined || incident.service === query.service);
}

function fold(records: readonly IncidentRecord[]): Incident {
  const [first] = records as readonly [IncidentRecord, ...IncidentRecord[]];
  const { incident: id, service, instance, agent } = first;
  const outcome = records.find(({ kind }) => kind === 'closed')?.outcome;
  return {
    id,
    service,
    instance,
    agent,
    startedUnixMs: first.atUnixMs - first.afterMs,
    phase: phaseOf(records),
    ...(outcome !== undefined && { outcome }),
    cause: (records.find(({ kind }) => kind === 'detected') ?? first).sentence,
    downTimes: downTimesOf(records),
    steps: records.map((record) => omit(record, IDENTITY)),
  };
}

const IDENTITY = ['incident', 'service', 'instance', 'agent'] as const;

function omit<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Omit<T, K> {
  const left = { ...from };
  for (const key of keys) Reflect.deleteProperty(left, key);
  return left;
}

const PHASES: Readonly<Partial<Record<IncidentStep['kind'], Incident['phase']>>> = {
  detected: 'down',
  relapsed: 'down',
  'given-up': 'given-up',
  verified: 'verified',
  rejoined: 'rejoined',
  drill: 'drill',
  closed: 'closed',
};

function phaseOf(steps: readonly IncidentStep[]): Incident['phase'] {
  return steps.reduce<Incident['phase']>((phase, { kind }) => PHASES[kind] ?? phase, 'down');
}

function downTimesOf(steps: readonly IncidentStep[]): readonly DownTime[] {
  const times: DownTime[] = [];
  const change = (more: Partial<DownTime>): void => {
    const last = times.at(-1);
    if (last !== undefined && last.toMs === undefined) times[times.length - 1] = { ...last, ...more };
  };
  for (const { kind, afterMs } of steps) {
    if (kind === 'detected') times.push({ fromMs: 0, detectedMs: afterMs });
    else if (kind === 'relapsed') {
      // Never rejoined since the last illness: to its callers it is the same one.
      if (times.at(-1)?.toMs !== undefined || times.length === 0) times.push({ fromMs: afterMs, detectedMs: afterMs });
    } else if (kind === 'verified') change({ verifiedMs: afterMs });
    else if (kind === 'rejoined') change({ toMs: afterMs });
  }
  return times;
}
