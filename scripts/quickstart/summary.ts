/**
 * Shows the story line by line, and the verdict as a table.
 */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { StoryLine } from './story';
import type { Verdict } from './verdict';

export function storyText({ sinceFaultMs, tone, text }: StoryLine): string {
  const stamp = sinceFaultMs === null ? '' : `${sinceFaultMs < 0 ? '-' : '+'}${Math.abs(Math.round(sinceFaultMs))} ms`;
  const colour = { good: pc.green, bad: pc.red, plain: pc.cyan }[tone];
  return `${pc.dim(stamp.padStart(10))}  ${colour(text)}`;
}

export function verdictTable(verdict: Verdict): string {
  const table = new Table({ style: { head: [], border: [] }, colAligns: ['left', 'right'] });
  const ms = (value: number | null): string =>
    value === null ? 'did not happen' : `${Math.round(value * 10) / 10} ms`;
  const good = (count: number): string => (count === 0 ? pc.green('0') : pc.red(String(count)));
  table.push(
    ['calls', verdict.calls],
    ['safe calls lost', good(verdict.lostCalls)],
    ['MemoryAdds executed twice', good(verdict.duplicatedCalls)],
    ['MemoryAdds acknowledged, then lost', good(verdict.acknowledgedButLost)],
    ['MemoryAdds that failed in flight (not repeated)', verdict.unsafeFailed],
    ['failover gap: longest time without a good answer', ms(verdict.failoverGapMs)],
    ['fault until the client failed over', ms(verdict.detectMs)],
    ['fault until critical in the catalog', ms(verdict.criticalMs)],
    ['fault until restarted and passing again', ms(verdict.restartMs)],
    ['passing again until failback (hold-down)', ms(verdict.failbackMs)],
    ['failback gap', ms(verdict.failbackGapMs)],
  );
  return table.toString();
}
