/**
 * What ends a command of an operator's with a message and an exit code. Nothing else of it is shown.
 */

/** What scripts can tell apart; the table of docs/configuration.md says it too. */
export const EXIT = {
  done: 0,
  /** Understood, and cannot be done now. */
  refused: 1,
  /** A mistake in the command line, or a name that nobody has. */
  usage: 2,
  /** Consul or an agent does not answer, or does not let us. */
  away: 4,
} as const;

export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  constructor(
    readonly exitCode: (typeof EXIT)[keyof typeof EXIT],
    message: string,
  ) {
    super(message);
  }
}
