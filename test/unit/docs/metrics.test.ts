import { Registry } from 'prom-client';
import { AgentMetrics } from '../../../agent/admin/agent-metrics';
import { addCallMetrics } from '../../../client/call-metrics';
import { registerUnderstudy } from '../../../index';
import { column, documentText, rowsUnder } from './tables';

it('the table of metrics names every metric with its meaning, and no other', async () => {
  const inCode = await new AgentMetrics(() => []).table();
  expect(column(rowsUnder(documentText('docs/metrics.md'), 'Metrics'), 0)).toEqual(Object.fromEntries(inCode));
});

it("the table of a client's metrics names every metric with its meaning, and no other", async () => {
  const understudy = registerUnderstudy({ scheme: 'metrics-table' });
  const registry = new Registry();
  addCallMetrics(understudy, registry);
  await understudy.close();
  const inCode = (await registry.getMetricsAsJSON()).map(({ name, help }) => [name, help]);
  expect(column(rowsUnder(documentText('docs/metrics.md'), 'Clients'), 0)).toEqual(Object.fromEntries(inCode));
});
