import { AgentMetrics } from '../../../../agent/admin/agent-metrics';
import type { IncidentStep } from '../../../../core/domain/incident';

const FIGURES = {
  ...{ service: 'calculator', id: 'calculator-1', incident: 'calculator-1-x', health: 'critical' as const },
  ...{ reason: 'it is gone', registered: true, probes: 10, failures: 2, calls: undefined, restarts: 1 },
};

function step(kind: IncidentStep['kind'], afterMs: number, facts: Partial<IncidentStep> = {}): IncidentStep {
  return { kind, afterMs, seq: 1, atUnixMs: afterMs, source: 'agent', sentence: '', ...facts };
}

it('tells how a server is at the moment of the scrape', async () => {
  const text = await new AgentMetrics(() => [FIGURES]).text();
  const labels = '{service="calculator",instance="calculator-1"}';
  expect(text).toContain(`understudy_server_up${labels} 0`);
  expect(text).toContain(`understudy_incident_open${labels} 1`);
  expect(text).toContain(`understudy_probes_failed${labels} 2`);
});

it('counts each outage from its first evidence to the return, relapses apart', async () => {
  const metrics = new AgentMetrics(() => []);
  const steps = [
    step('detected', 100),
    step('acted', 200, { action: 'start', ok: true }),
    step('relapsed', 300),
    step('rejoined', 2000),
    step('relapsed', 3000),
    step('rejoined', 3400),
    step('closed', 9000, { outcome: 'recovered' }),
  ];
  for (const one of steps) metrics.count('calculator', 'calculator-1', one);
  const text = await metrics.text();
  expect(text).toMatch(/understudy_outage_seconds_sum\{.*\} 2\.4\n/);
  expect(text).toMatch(/understudy_outage_seconds_count\{.*\} 2\n/);
  expect(text).toMatch(/understudy_incidents_total\{.*outcome="recovered"\} 1\n/);
  expect(text).toMatch(/understudy_actions_total\{.*action="start",ok="true"\} 1\n/);
});
