/**
 * `understudy drain`, `undrain`, `restart`, `failover` and `failback`: turns arguments into what cli/operate does.
 */
import { userInfo } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../core/time/duration';
import { actOn, drain as drainInstance, failBack, failOver } from './operate';
import { runOperator, type OperatorTools } from './operator-run';

type Exit = (code: number) => void;

const LEAST_DRAIN_MS = 1000;
const MOST_WAIT_MS = 3_600_000;
const MOST_DRAIN_MS = 7 * 86_400_000;
const EXIT_HELP = `
Exit codes:
  0  done
  1  it cannot be done now; of a drain, callers have not let go in time
  2  a mistake in the command line, or a name that nobody has
  4  Consul or the agent does not answer, or does not let us

UNDERSTUDY_ADMIN_TOKEN_FILE names the file with the token of agents that want one.`;

/** @param exit is told the exit code, once */
export function operateCommands(exit: Exit): readonly Command[] {
  const command = (name: string, about: string): Command =>
    new Command(name)
      .description(about)
      .option('--registry-address <address>', 'where Consul is, 127.0.0.1:8500')
      .addHelpText('after', EXIT_HELP);
  const run = async (made: Command, work: (tools: OperatorTools) => Promise<number | undefined>): Promise<void> =>
    exit(await runOperator(made.name(), made.opts<{ registryAddress?: string }>().registryAddress, work));

  const drain = command('drain', 'Takes an instance out of the calls for a time; its server runs on.')
    .argument('<instance>', 'the id that understudy status shows')
    .requiredOption('--reason <text>', 'why, for whoever looks')
    .option('--for <duration>', 'how long at most, from 1s to 168h', drainTime, 600_000)
    .option('--wait <duration>', 'how long to wait until callers have let go, up to 1h; 0 waits not', waitTime, 30_000);
  drain.action((instance: string) => {
    const given = drain.opts<{ reason: string; for: number; wait: number }>();
    return run(drain, (tools) =>
      drainInstance(tools, instance, { reason: signed(given.reason), forMs: given.for, waitMs: given.wait }),
    );
  });
  const undrain = command('undrain', 'Ends a drain.').argument('<instance>', 'the id that understudy status shows');
  undrain.action((instance: string) => run(undrain, (tools) => act(tools, instance, { action: 'undrain' })));
  const restart = command('restart', 'Has the agent of an instance start its server anew.')
    .argument('<instance>', 'the id that understudy status shows')
    .option('--reason <text>', 'why, for whoever looks', 'by hand');
  restart.action((instance: string) => {
    const { reason } = restart.opts<{ reason: string }>();
    return run(restart, (tools) => act(tools, instance, { action: 'restart', reason: signed(reason) }));
  });
  const failover = command('failover', 'Moves all callers of a service to another tier, or to one instance.')
    .argument('<service>', 'its name in Consul')
    .option('--to <instance>', 'who leads; left out, the next tier that is passing');
  failover.action((service: string) =>
    run(failover, (tools) => failOver(tools, service, failover.opts<{ to?: string }>().to)),
  );
  const failback = command('failback', 'Lets the tiers decide again, and has callers return at once.').argument(
    '<service>',
    'its name in Consul',
  );
  failback.action((service: string) => run(failback, (tools) => failBack(tools, service)));
  return [drain, undrain, restart, failover, failback];
}

async function act(...given: Parameters<typeof actOn>): Promise<undefined> {
  await actOn(...given);
}

function waitTime(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms > MOST_WAIT_MS)
    throw new InvalidArgumentError('It must be a duration up to 1h, such as 30s, or 0.');
  return ms;
}

function drainTime(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < LEAST_DRAIN_MS || ms > MOST_DRAIN_MS)
    throw new InvalidArgumentError('It must be a duration from 1s to 168h, such as 10m.');
  return ms;
}

/** Who asked is a part of why. */
function signed(reason: string): string {
  return `${reason} (${userInfo().username})`;
}
