/**
 * `understudy faults` and `understudy explain`: turns arguments into what cli/faults does.
 */
import { Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../core/time/duration';
import { explain, faults } from './faults';
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
  return [list, story];
}

/** How long ago, ms. */
export function sinceTime(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError('It must be a duration such as 24h or 30m.');
  return ms;
}
