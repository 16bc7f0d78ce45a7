/** The journal of an agent that has no folder for one: the newest records, until the agent ends. */
import type { IncidentRecord } from '../../core/domain/incident-record';
import type { Journal } from '../ports';
import { redacted } from './journal-line';

const MOST_RECORDS = 10_000;

export class MemoryJournal implements Journal {
  readonly description = 'journal in memory: it is lost when this agent ends';
  private records: IncidentRecord[] = [];

  constructor(private readonly secrets: readonly string[] = []) {}

  append(record: IncidentRecord): void {
    this.records.push(redacted(record, this.secrets));
    if (this.records.length > MOST_RECORDS) this.records = this.records.slice(-MOST_RECORDS / 2);
  }

  read(): Promise<readonly IncidentRecord[]> {
    return Promise.resolve([...this.records]);
  }

  forget(beforeUnixMs: number): number {
    const all = this.records.length;
    this.records = this.records.filter(({ atUnixMs }) => atUnixMs >= beforeUnixMs);
    return all - this.records.length;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
