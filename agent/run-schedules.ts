/** What this agent does by the calendar: its summaries, forgetting old incidents, and drills. */
import type { Agent } from './agent';
import type { ScheduledDrill } from './build-drills';
import type { AgentConfig } from './config';
import { logReliability, type SummaryPorts } from './reliability-summary';
import type { Journal } from './ports';
import { runBySchedule } from './schedule';

const DAY_MS = 86_400_000;

/** Runs until the returned function is called. */
export function runSchedules(
  { schedule, services, checked }: AgentConfig,
  agent: Pick<Agent, 'logSummary'>,
  ports: SummaryPorts & { readonly journal: Journal },
  drills: readonly ScheduledDrill[],
): () => void {
  const { journal, clock, log } = ports;
  const startedUnixMs = clock.unixMs();
  const { keepDays } = checked.journal;
  const stops = [
    runBySchedule(schedule.summary, () => {
      agent.logSummary();
      void logReliability(services, startedUnixMs, ports);
    }),
    runBySchedule(schedule.retention, () => {
      const dropped = journal.forget(clock.unixMs() - keepDays * DAY_MS);
      if (dropped > 0) log.write('info', `the journal forgot what is older than ${keepDays} days`, { dropped });
    }),
    ...drills.map(({ schedule: when, drill }) => runBySchedule(when, () => drill.due())),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
