/**
 * Makes the one logger of the agent: for people on a terminal, JSON lines everywhere else. It gets finished sentences and
 * plain fields; secrets never reach it.
 */
import { createColors } from 'picocolors';
import { createLogger, format, transports } from 'winston';
import type { Log, LogLevel } from './ports';

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'auto' | 'pretty' | 'json';
  readonly terminal: boolean;
}

/** `auto` decided. */
export function logFormat({ format: wanted, terminal }: Pick<LogOptions, 'format' | 'terminal'>): 'pretty' | 'json' {
  return wanted === 'auto' ? (terminal ? 'pretty' : 'json') : wanted;
}

/** Writes to stdout. */
export function createLog(options: LogOptions): Log {
  const pretty = logFormat(options) === 'pretty';
  const logger = createLogger({
    level: options.level,
    format: pretty
      ? prettyLines(options.terminal)
      : format.combine(format.timestamp(), format.json({ deterministic: false })),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's own types disagree here
    transports: [new transports.Console()],
  });
  return {
    write: (level, message, fields = {}) => void logger.log({ ...fields, level, message }),
  };
}

function prettyLines(terminal: boolean) {
  const colors = createColors(terminal);
  const paint: Readonly<Record<string, (text: string) => string>> = {
    error: colors.red,
    warn: colors.yellow,
    debug: colors.dim,
  };
  return format.printf(({ level, message }) => {
    const time = new Date().toTimeString().slice(0, 8);
    const paintLevel = paint[level] ?? colors.cyan;
    return `${colors.dim(time)} ${paintLevel(level.padEnd(5))} ${String(message)}`;
  });
}
