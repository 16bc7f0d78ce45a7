import { logReliability } from '../../../agent/reliability-summary';
import type { IncidentRecord } from '../../../core/domain/incident-record';
import { VirtualClock } from '../../support/virtual-clock';
import { serviceConfig } from './bench';

it('says in one line how available a server was, by its own incidents alone', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log = { write: (_level: string, message: string) => void lines.push(message) };
  const startedUnixMs = clock.unixMs() - 1_000_000;
  const record = (
    kind: IncidentRecord['kind'],
    seq: number,
    afterMs: number,
    instance = 'calculator-1',
  ): IncidentRecord => ({
    ...{ incident: `${instance}-x`, service: 'calculator', instance, agent: 'a', kind, seq, afterMs },
    ...{ atUnixMs: startedUnixMs + 1000 + afterMs, source: 'agent', sentence: '' },
  });
  const records = [record('detected', 1, 0), record('verified', 2, 900), record('rejoined', 3, 1000)];
  const journal = { read: () => Promise.resolve([...records, record('detected', 1, 0, 'calculator-2')]) };
  await logReliability([serviceConfig()], startedUnixMs, { journal, clock, log });
  expect(lines).toEqual([
    'reliability of calculator-1 in the last day: available 99.900 %, 1 outages, 1000 ms to be back on average',
  ]);
});
