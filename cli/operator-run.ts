/**
 * Runs one command of an operator's on an open registry. Every trouble of his ends as a message and an exit code, never as
 * a stack.
 */
import { openRegistry, RegistryConfigError } from '../registry/factory';
import { RegistryError, type Registry } from '../registry/port';
import { AgentsApi } from './agents-api';
import { EXIT, OperatorError } from './operator-error';

export interface OperatorTools {
  readonly registry: Registry;
  readonly agents: AgentsApi;
  readonly nowUnixMs: number;
  /** Prints a text with its end of line. */
  readonly print: (text: string) => void;
  /** Says something beside the result. */
  readonly warn: (text: string) => void;
}

/**
 * @param name of the command, for messages
 * @param registryAddress undefined: CONSUL_HTTP_ADDR, or Consul's usual address
 * @returns the exit code; `run` may give another than 0
 */
export async function runOperator(
  name: string,
  registryAddress: string | undefined,
  run: (tools: OperatorTools) => Promise<number | undefined>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const warn = (text: string): void => void process.stderr.write(`understudy ${name}: ${text}\n`);
  let registry: Registry | undefined;
  try {
    registry = openRegistry({ address: registryAddress }, env);
    const agents = new AgentsApi(registry, env);
    const print = (text: string): void => void process.stdout.write(`${text}\n`);
    return (await run({ registry, agents, nowUnixMs: Date.now(), print, warn })) ?? EXIT.done;
  } catch (error) {
    if (error instanceof OperatorError) {
      warn(error.message);
      return error.exitCode;
    }
    if (error instanceof RegistryConfigError) {
      warn(error.message);
      return EXIT.usage;
    }
    if (!(error instanceof RegistryError)) throw error;
    warn(error.message);
    return EXIT.away;
  } finally {
    await registry?.close();
  }
}
