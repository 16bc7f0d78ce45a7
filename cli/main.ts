#!/usr/bin/env node
/**
 * The `understudy` command. Each subcommand stands in a file of its own; a user's mistake is one line on stderr and exit
 * code 2, never a stack.
 */
import { Command, CommanderError } from 'commander';
import { version } from '../package.json';
import { agentCommand } from './agent-command';
import { faultsCommands } from './faults-commands';
import { operateCommands } from './operate-commands';
import { statusCommand } from './status-command';

const EXIT_USAGE = 2;

function program(): Command {
  const understudy = new Command('understudy')
    .description('Keeps gRPC services answering while their servers die.')
    .version(version)
    .enablePositionalOptions();
  // They have nothing left to do then, and what they printed may still be on its way.
  const end = (code: number): void => void (process.exitCode = code);
  const subcommands = [
    agentCommand((code) => process.exit(code)),
    statusCommand(end),
    ...faultsCommands(end),
    ...operateCommands(end),
  ];
  for (const command of subcommands) understudy.addCommand(command);
  for (const command of [understudy, ...subcommands])
    command.exitOverride().showHelpAfterError('(--help shows what is allowed)');
  return understudy;
}

program()
  .parseAsync()
  .catch((error: unknown) => {
    // commander has written its message already; its code is 1 for mistakes and 0 for --help and --version.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
    process.stderr.write(`understudy: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  });
