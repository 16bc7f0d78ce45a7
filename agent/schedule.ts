/** What happens by the calendar and not by events: the summary line. */
import { schedule, validate } from 'node-cron';

/** A cron expression of five or six fields. */
export function isCronExpression(expression: string): boolean {
  return validate(expression);
}

/** Runs `task` by the expression until the returned function is called; `off` never runs it. */
export function runBySchedule(expression: string, task: () => void): () => void {
  if (expression === 'off') return () => undefined;
  const scheduled = schedule(expression, task, { suppressMissedWarning: true });
  return () => void scheduled.destroy();
}
