/**
 * What the commands that start things share: a mistake in the flags is exit code 2, a failure is one line and 1, a signal
 * is 130, and whatever happens, what was started is gone at the end.
 */
import { CommanderError } from 'commander';
import { Cleanup } from './quickstart/cleanup';

/** @param run resolves with the exit code; what it starts it hands to `cleanup` */
export function runCommand<Flags>(
  parseFlags: (argv: readonly string[]) => Flags,
  run: (flags: Flags, cleanup: Cleanup) => Promise<number>,
): void {
  void exitCodeOf(parseFlags, run).then((code) => {
    process.exitCode = code;
  });
}

async function exitCodeOf<Flags>(
  parseFlags: (argv: readonly string[]) => Flags,
  run: (flags: Flags, cleanup: Cleanup) => Promise<number>,
): Promise<number> {
  const cleanup = new Cleanup();
  let flags: Flags;
  try {
    flags = parseFlags(process.argv);
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => void cleanup.run().then(() => process.exit(130)));
  try {
    return await run(flags, cleanup);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await cleanup.run();
  }
}
