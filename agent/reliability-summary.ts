/**
 * The reliability of the last day in one line a service, for the schedule: what its incidents say, of the time in which this
 * agent looked.
 */
import { foldIncidents } from '../core/domain/incident-record';
import { serviceReport } from '../core/measure/service-report';
import type { Clock } from '../core/time/clock';
import type { Journal, Log } from './ports';
import type { ServiceConfig } from './service-config';

const DAY_MS = 86_400_000;

export interface SummaryPorts {
  readonly journal: Pick<Journal, 'read'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** @param startedUnixMs when the agent began to look */
export async function logReliability(
  services: readonly Pick<ServiceConfig, 'instance'>[],
  startedUnixMs: number,
  { journal, clock, log }: SummaryPorts,
): Promise<void> {
  const nowUnixMs = clock.unixMs();
  const all = foldIncidents(await journal.read());
  for (const { instance } of services) {
    const { id, service } = instance;
    const incidents = all.filter((one) => one.instance === id);
    const sinceUnixMs = Math.min(startedUnixMs, incidents[0]?.startedUnixMs ?? Infinity);
    const { outages, availability, mttrMs } = serviceReport({
      ...{ service, sinceUnixMs: nowUnixMs - DAY_MS, nowUnixMs, minutes: [], methods: {}, incidents },
      moves: [],
      observations: [{ instance: id, sinceUnixMs }],
    });
    const share = availability === null ? 'not measured' : `${(availability * 100).toFixed(3)} %`;
    const mttr = mttrMs === null ? '' : `, ${Math.round(mttrMs)} ms to be back on average`;
    log.write('info', `reliability of ${id} in the last day: available ${share}, ${outages} outages${mttr}`, {
      ...{ instance: id, outages, ...(availability !== null && { availability }), ...(mttrMs !== null && { mttrMs }) },
    });
  }
}
