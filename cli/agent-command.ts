/**
 * `understudy agent`: turns flags into the options of agent/main.ts, and nothing more.
 */
import { Command, Option } from 'commander';
import type { AgentOptions, runAgent } from '../agent/main';

/** Each flag, and the key of the configuration that it overrides. */
const FLAGS: readonly { readonly flag: string; readonly about: string; readonly path: readonly string[] }[] = [
  { flag: '--agent-id <id>', about: 'who registers; stable over restarts', path: ['agent', 'id'] },
  { flag: '--registry-address <address>', about: 'where Consul is, 127.0.0.1:8500', path: ['registry', 'address'] },
  { flag: '--registry-token-file <file>', about: 'file that holds the Consul token', path: ['registry', 'tokenFile'] },
  { flag: '--registry-datacenter <name>', about: 'datacenter of reads', path: ['registry', 'datacenter'] },
  { flag: '--log-level <level>', about: 'error, warn, info or debug', path: ['log', 'level'] },
  { flag: '--log-format <format>', about: 'auto, pretty or json', path: ['log', 'format'] },
  { flag: '--admin-listen <address>', about: 'where the admin API listens, 127.0.0.1:7780', path: ['admin', 'listen'] },
  { flag: '--summary <cron>', about: 'when the summary line is written, or off', path: ['schedule', 'summary'] },
];

/** @param exit ends the process with the agent's exit code */
export function agentCommand(exit: (code: number) => void): Command {
  const command = new Command('agent')
    .description(
      'Stands beside a gRPC server: probes it, keeps it in the catalog, and restarts it when it is given as a command.',
    )
    .argument('[server-command...]', 'the server to start and supervise, after --')
    .addOption(
      new Option('-c, --config <file>', 'configuration file, YAML or JSON')
        .env('UNDERSTUDY_CONFIG')
        .makeOptionMandatory(),
    )
    .option('--check-config', 'check the configuration, print it with all defaults, and end', false)
    .passThroughOptions()
    .addHelpText(
      'after',
      '\nFlags win over UNDERSTUDY_* variables, these over the file, and the file over the defaults.' +
        '\nExample: understudy agent --config agent.yaml -- node server.js --port 5001',
    );
  for (const { flag, about } of FLAGS) command.option(flag, about);
  return command.action(async (serverCommand: string[]) => {
    const given = command.opts<Record<string, string | boolean | undefined>>();
    const options: AgentOptions = {
      configFile: String(given['config']),
      checkConfig: given['checkConfig'] === true,
      command: serverCommand,
      flags: FLAGS.flatMap(({ flag, path }) => {
        const option = new Option(flag);
        const value = given[option.attributeName()];
        return typeof value === 'string' ? [{ path, value, origin: option.long ?? flag }] : [];
      }),
    };
    // Only here: it takes most of a second to load, and no other command needs it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() wants agent/main.js, which only a build makes
    const main = require('../agent/main') as { readonly runAgent: typeof runAgent };
    exit(await main.runAgent(options));
  });
}
