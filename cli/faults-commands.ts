/**
 * `understudy faults`, `explain` and `report`: turns arguments into what cli/faults and cli/report do.
 */
import { Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../core/time/duration';
import { explain, faults } from './faults';
import { report } from './report';
import { runOperator } from './operator-run';

const HELP = `
Exit codes:
  0  told
  1  no agent can be asked
  2  a mistake in the command line, or a name that nobody has
  4  Consul does not answer, or an agent does not: then something may be missing

UNDERSTUDY_ADMIN_TOKEN_FILE names the file with the token of agents that want one.`;

interface Flags {
  readonly registryAddress?: string;
  readonly json: boolean;
  readonly since?: number;
}

interface ReportFlags extends Flags {
  readonly html: boolean;
}

const DAY_MS = 86_400_000;

/** @param exit is told the exit code, once */
export function faultsCommands(exit: (code: number) => void): readonly Command[] {
  const command = (name: string, about: string): Command =>
    new Command(name)
      .description(about)
      .option('--registry-address <address>', 'where Consul is, 127.0.0.1:8500')
      .option('--json', 'print one JSON object', false)
      .addHelpText('after', HELP);
  const list = command('faults', 'Lists the incidents that the agents have on record.')
    .argument('[service]', 'one service; without it, all')
    .option('--since <duration>', 'those of the last 24h, 30m, …; without it, all that are kept', sinceTime);
  list.action(async (service: string | undefined, flags: Flags) => {
    const query = (nowUnixMs: number): Parameters<typeof faults>[1] => ({
      ...(service !== undefined && { service }),
      ...(flags.since !== undefined && { sinceUnixMs: nowUnixMs - flags.since }),
    });
    exit(
      await runOperator('faults', flags.registryAddress, (tools) => faults(tools, query(tools.nowUnixMs), flags.json)),
    );
  });
  const story = command('explain', 'Tells the whole story of one incident, step by step.').argument(
    '<incident>',
    'the id that understudy faults shows',
  );
  story.action(async (id: string, flags: Flags) => {
    exit(await runOperator('explain', flags.registryAddress, (tools) => explain(tools, id, flags.json)));
  });
  const figures = command('report', 'Tells how reliable a service was: its calls, its faults, its instances.')
    .argument('<service>', 'its name in Consul')
    .option('--since <duration>', 'the last 24h, 30m, …', sinceTime, DAY_MS)
    .option('--html', 'print one HTML page that needs no other file', false);
  figures.action(async (service: string, { since = DAY_MS, json, html, registryAddress }: ReportFlags) => {
    if (json && html) figures.error('error: --json and --html cannot be had together');
    const form = json ? 'json' : html ? 'html' : 'text';
    exit(await runOperator('report', registryAddress, (tools) => report(tools, service, since, form)));
  });
  return [list, story, figures];
}

/** How long ago, ms. */
function sinceTime(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError('It must be a duration such as 24h or 30m.');
  return ms;
}
