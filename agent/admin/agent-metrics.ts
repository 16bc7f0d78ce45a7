/**
 * What Prometheus can ask an agent: gauges that are read from the services at each scrape, and counters of what went on
 * record. The names stand in docs/metrics.md too; a test holds the two together.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { IncidentStep } from '../../core/domain/incident';
import type { ServiceFigures } from '../service-ports';

const SERVER = ['service', 'instance'] as const;

export class AgentMetrics {
  private readonly registry = new Registry();
  private readonly incidents: Counter;
  private readonly actions: Counter;
  private readonly outage: Histogram;
  private readonly downSince = new Map<string, number>();

  constructor(figures: () => readonly ServiceFigures[]) {
    const registers = [this.registry];
    const gauge = (name: string, help: string, value: (one: ServiceFigures) => number): void => {
      const made = new Gauge({
        ...{ name, help, registers, labelNames: SERVER },
        collect: () => {
          for (const one of figures()) made.set({ service: one.service, instance: one.id }, value(one));
        },
      });
    };
    gauge('understudy_server_up', '1 while the agent calls the server passing or warning', ({ health }) =>
      health === 'critical' ? 0 : 1,
    );
    gauge('understudy_server_registered', '1 while the registry knows the server', ({ registered }) =>
      Number(registered),
    );
    gauge('understudy_incident_open', '1 while an incident of the server is open', ({ incident }) =>
      incident === undefined ? 0 : 1,
    );
    gauge('understudy_probes', 'Probes since the agent started', ({ probes }) => probes);
    gauge('understudy_probes_failed', 'Probes that failed since the agent started', ({ failures }) => failures);
    gauge(
      'understudy_restarts',
      'Starts of the child after its first since the agent started',
      ({ restarts }) => restarts,
    );
    this.incidents = new Counter({
      ...{ name: 'understudy_incidents_total', help: 'Incidents that were closed', registers },
      labelNames: [...SERVER, 'outcome'],
    });
    this.actions = new Counter({
      ...{ name: 'understudy_actions_total', help: 'Recovery actions that ended', registers },
      labelNames: [...SERVER, 'action', 'ok'],
    });
    this.outage = new Histogram({
      ...{
        name: 'understudy_outage_seconds',
        help: 'From the first evidence until the registry knew the server back',
        registers,
      },
      labelNames: [...SERVER],
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
    });
  }

  /** A step went on record. */
  count(service: string, instance: string, step: IncidentStep): void {
    const server = { service, instance };
    if (step.kind === 'acted') this.actions.inc({ ...server, action: step.action ?? '', ok: String(step.ok === true) });
    if (step.kind === 'closed') this.incidents.inc({ ...server, outcome: step.outcome ?? '' });
    if (step.kind === 'detected') this.downSince.set(instance, 0);
    if (step.kind === 'relapsed' && !this.downSince.has(instance)) this.downSince.set(instance, step.afterMs);
    if (step.kind !== 'rejoined') return;
    const sinceMs = this.downSince.get(instance);
    this.downSince.delete(instance);
    if (sinceMs !== undefined) this.outage.observe(server, (step.afterMs - sinceMs) / 1000);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** Each name with its help, in the order in which they were made. */
  async table(): Promise<readonly (readonly [string, string])[]> {
    return (await this.registry.getMetricsAsJSON()).map(({ name, help }) => [name, help] as const);
  }
}
