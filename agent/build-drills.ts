/** Makes the drills that the configuration asks for: one for each service with a schedule. */
import { Drill, type DrillPorts } from './drill';
import type { ServiceConfig } from './service-config';

export interface ScheduledDrill {
  /** A cron expression. */
  readonly schedule: string;
  readonly drill: Drill;
}

export function buildDrills(
  services: readonly ServiceConfig[],
  owner: string,
  ports: Omit<DrillPorts, 'incident'> & { readonly incident: (service: string) => string | undefined },
): readonly ScheduledDrill[] {
  return services.flatMap(({ instance: { service }, drill, restart: { stableAfterMs: settledMs } }) => {
    if (drill === undefined) return [];
    const { schedule, forMs } = drill;
    const incident = (): string | undefined => ports.incident(service);
    return [{ schedule, drill: new Drill({ service, owner, forMs, settledMs }, { ...ports, incident }) }];
  });
}
