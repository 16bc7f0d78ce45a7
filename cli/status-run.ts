/**
 * Runs `understudy status`: opens the registry, shows what is there, once or until a signal ends it. Every trouble of the
 * user's ends as a message and an exit code, never as a stack.
 */
import pc from 'picocolors';
import type { Clock } from '../core/time/clock';
import { openRegistry, RegistryConfigError } from '../registry/factory';
import { RegistryError, type Registry } from '../registry/port';
import { sleep } from '../runtime/sleep';
import { systemClock } from '../runtime/system-clock';
import { readStatus } from './status-read';
import { statusReport, type StatusReport, type StatusView } from './status-report';
import { StatusScreen } from './status-screen';
import { StatusWatch } from './status-watch';

export interface StatusOptions {
  /** Undefined: all that Understudy agents registered. */
  readonly service: string | undefined;
  /** Undefined: CONSUL_HTTP_ADDR, or Consul's usual address. */
  readonly registryAddress: string | undefined;
  readonly json: boolean;
  readonly watch: boolean;
}

const EXIT_USAGE = 2;
/** Each watch holds a connection; Consul allows 200 per client address, and other clients live here too. */
const MOST_WATCHES = 100;
const REPAINT_MS = 1000;
const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves with the exit code: that of the report shown last, or 2 for a mistake of the user's. */
export async function runStatus(options: StatusOptions, env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const clock = systemClock({ holdsProcess: true });
  const screen = new StatusScreen({ ...options, out: process.stdout, colors: pc });
  let registry: Registry;
  try {
    registry = openRegistry({ address: options.registryAddress }, env);
  } catch (error) {
    if (!(error instanceof RegistryConfigError)) throw error;
    return complain(error.message, EXIT_USAGE);
  }
  try {
    const view = await readStatus(registry, options.service);
    if (options.watch && view.services.length > MOST_WATCHES) {
      return complain(`${view.services.length} services are too many to watch at once; name one of them`, EXIT_USAGE);
    }
    if (options.watch) return await follow(view, { ...options, registry, clock, screen });
    return showNow(view, clock, screen).exitCode;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const report = statusReport(unreachable(registry.description, error, clock), clock.unixMs());
    if (options.json) screen.show(report);
    return complain(`${error.message}\n${advice(error)}`, report.exitCode);
  } finally {
    await registry.close();
  }
}

interface Following {
  readonly service: string | undefined;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly screen: StatusScreen;
}

async function follow(first: StatusView, { service, registry, clock, screen }: Following): Promise<number> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const signal of END_SIGNALS) process.on(signal, end);
  // Whoever read our output has gone, as `head` does.
  process.stdout.on('error', end);
  let view = first;
  const show = (next: StatusView): void => {
    view = next;
    showNow(view, clock, screen);
  };
  const repaint = async (): Promise<void> => {
    if (!screen.repaints) return;
    for (;;) {
      await sleep(clock, REPAINT_MS, ending.signal);
      if (ending.signal.aborted) return;
      show(view);
    }
  };
  try {
    show(first);
    const watch = new StatusWatch(first, service, { source: registry, clock, onView: show });
    await Promise.all([watch.run(ending.signal), repaint()]);
    return statusReport(view, clock.unixMs()).exitCode;
  } finally {
    ending.abort();
    for (const signal of END_SIGNALS) process.off(signal, end);
  }
}

function showNow(view: StatusView, clock: Clock, screen: StatusScreen): StatusReport {
  const report = statusReport(view, clock.unixMs());
  screen.show(report);
  return report;
}

function unreachable(description: string, { message }: RegistryError, clock: Clock): StatusView {
  return {
    registry: { description, version: null, leader: null },
    services: [],
    registered: [],
    away: { reason: message, sinceUnixMs: clock.unixMs() },
  };
}

function advice({ code }: RegistryError): string {
  return code === 'permission-denied'
    ? 'CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE give the token; it needs service:read and node:read, and agent:read for the version.'
    : '--registry-address or CONSUL_HTTP_ADDR say where Consul is.';
}

function complain(message: string, exitCode: number): number {
  process.stderr.write(`understudy status: ${message}\n`);
  return exitCode;
}
