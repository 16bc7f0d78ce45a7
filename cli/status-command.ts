/**
 * `understudy status`: turns flags into the options of cli/status-run.ts, and tells what the exit codes mean.
 */
import { Command, InvalidArgumentError } from 'commander';
import { runStatus } from './status-run';

const HELP = `
Exit codes:
  0  every instance serves
  1  degraded: somebody serves, but an instance does not, or no primary does
  2  a mistake in the command line or in a CONSUL_* variable
  3  nobody serves a service, or it is not registered
  4  Consul does not answer, or does not let us read

With several services the one that is worst off decides. With --watch the code is that of the last moment.
AGE is the time since the server's start as its agent saw it; for a server that ran before its agent, since the agent's.
CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN and their like are honoured, and NO_COLOR too.`;

/** @param exit is told the exit code, once */
export function statusCommand(exit: (code: number) => void): Command {
  return new Command('status')
    .description('Shows who serves: instances, their roles, their health and the reason for it.')
    .argument('[service]', 'one service; without it, all that Understudy agents registered', serviceName)
    .option('--registry-address <address>', 'where Consul is, 127.0.0.1:8500')
    .option('--json', 'print one JSON object, or one per change with --watch', false)
    .option('-w, --watch', 'go on showing what changes, until Ctrl-C', false)
    .addHelpText('after', HELP)
    .action(async (service: string | undefined, flags: { registryAddress?: string; json: boolean; watch: boolean }) => {
      exit(await runStatus({ registryAddress: undefined, ...flags, service }));
    });
}

/** Everything else may be a name in Consul; these would be another path of its API. */
function serviceName(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new InvalidArgumentError('It must be the name of a service, such as calculator.');
  return text;
}
