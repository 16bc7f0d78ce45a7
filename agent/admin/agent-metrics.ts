/**
 * What Prometheus can ask an agent: gauges that are read from the services at each scrape, and counters of what went on
 * record. The names stand in docs/metrics.md too; a test holds the two together.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { IncidentStep } from '../../core/domain/incident';
import type { ServiceFigures } from '../service-ports';

const SERVER = ['service', 'instance'] as const;

type Figures = () => readonly ServiceFigures[];

export class AgentMetrics {
  private readonly registry = new Registry();
  private readonly incidents: Counter;
  private readonly actions: Counter;
  private readonly outage: Histogram;
  private readonly downSince = new Map<string, number>();

  constructor(figures: Figures) {
    const registers = [this.registry];
    const gauge = (name: string, help: string, value: (one: ServiceFigures) => number): void =>
      this.addGauge(figures, name, help, value);
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
    this.addProcess(figures);
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

  /** @param value undefined: nothing is known */
  private addGauge(
    figures: Figures,
    name: string,
    help: string,
    value: (one: ServiceFigures) => number | undefined,
  ): void {
    const made = new Gauge({
      ...{ name, help, registers: [this.registry], labelNames: SERVER },
      collect: () => {
        made.reset();
        for (const one of figures()) {
          const now = value(one);
          if (now !== undefined) made.set({ service: one.service, instance: one.id }, now);
        }
      },
    });
  }

  private addProcess(figures: Figures): void {
    const gauge = (name: string, help: string, value: (one: ServiceFigures) => number | undefined): void =>
      this.addGauge(figures, name, help, value);
    gauge(
      'understudy_server_memory_bytes',
      "Memory in use by the child's processes",
      (one) => one.process?.memoryBytes,
    );
    gauge(
      'understudy_server_open_files',
      'Open files of the child that is nearest to its limit',
      (one) => one.process?.files?.open,
    );
    const cpu = new Counter({
      ...{ name: 'understudy_server_cpu_seconds_total', help: "CPU time of the child's processes" },
      ...{ registers: [this.registry], labelNames: SERVER },
      collect: () => {
        cpu.reset();
        for (const { service, id: instance, process } of figures())
          if (process !== undefined) cpu.inc({ service, instance }, process.cpuMs / 1000);
      },
    });
  }
}
