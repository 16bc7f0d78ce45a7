import { AgentMetrics } from '../../../agent/admin/agent-metrics';
import { column, documentText, rowsUnder } from './tables';

it('the table of metrics names every metric with its meaning, and no other', async () => {
  const inCode = await new AgentMetrics(() => []).table();
  expect(column(rowsUnder(documentText('docs/metrics.md'), 'Metrics'), 0)).toEqual(Object.fromEntries(inCode));
});
