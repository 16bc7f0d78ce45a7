/**
 * Makes the agent's configuration from flags, environment, file and defaults, in this order of precedence, and reports
 * every fault of it at once. What comes out needs no further check.
 */
import type { AdminConfig } from './admin/admin';
import { crossChecks, type CheckContext } from './config-checks';
import { faultsOf, pathText, withoutFaulty, type Fault, type KeyPath } from './config-faults';
import { compileProgram, compileRung } from './config-rungs';
import { configSchema, type CheckedConfig, type CheckedService } from './config-schema';
import { ConfigError, type ConfigSource } from './config-source';
import type { DependencyConfig, ProcessConfig, ServiceConfig } from './service-config';

/** A value from outside the file: a flag or a variable. */
export interface Override {
  readonly path: KeyPath;
  readonly value: string;
  /** `--log-level`, `UNDERSTUDY_LOG_LEVEL`: where a fault in it is to be mended. */
  readonly origin: string;
}

export interface ConfigInput extends Omit<CheckContext, 'idOf'> {
  readonly source: ConfigSource;
  /** Strongest first. */
  readonly overrides: readonly Override[];
  readonly hostname: string;
}

export interface AgentConfig {
  readonly owner: string;
  readonly registry: CheckedConfig['registry'];
  readonly log: CheckedConfig['log'];
  /** Cron expressions, or `off`. */
  readonly schedule: CheckedConfig['schedule'];
  readonly admin?: AdminConfig;
  readonly services: readonly ServiceConfig[];
  /** The same as a user would write it, with every default; for printing. Holds secrets. */
  readonly checked: CheckedConfig;
}

const ENVIRONMENT: Readonly<Record<string, KeyPath>> = {
  UNDERSTUDY_AGENT_ID: ['agent', 'id'],
  UNDERSTUDY_REGISTRY_ADDRESS: ['registry', 'address'],
  UNDERSTUDY_REGISTRY_TOKEN: ['registry', 'token'],
  UNDERSTUDY_REGISTRY_TOKEN_FILE: ['registry', 'tokenFile'],
  UNDERSTUDY_REGISTRY_DATACENTER: ['registry', 'datacenter'],
  UNDERSTUDY_LOG_LEVEL: ['log', 'level'],
  UNDERSTUDY_LOG_FORMAT: ['log', 'format'],
  UNDERSTUDY_SCHEDULE_SUMMARY: ['schedule', 'summary'],
};

// Stand-ins for required values that are faulty: the rest can be checked for its sense, and they are never used.
const STAND_INS: Readonly<Record<string, unknown>> = { name: 'x', address: 'x', port: 1 };

/** The overrides that the environment holds; an empty variable is none. */
export function environmentOverrides(env: NodeJS.ProcessEnv): readonly Override[] {
  return Object.entries(ENVIRONMENT).flatMap(([origin, path]) => {
    const value = env[origin];
    return value === undefined || value === '' ? [] : [{ path, value, origin }];
  });
}

/** Throws ConfigError with one line per fault. */
export function buildConfig(input: ConfigInput): AgentConfig {
  const raw = applied(input.source.data, input.overrides);
  const parsed = configSchema.safeParse(raw);
  const faults = parsed.success ? [] : faultsOf(parsed.error, raw);
  const sensible = parsed.success ? parsed.data : repaired(raw, faults);
  const idOf = (service: CheckedService): string => service.id ?? `${service.name}-${input.hostname}-${service.port}`;
  const cross = sensible === undefined ? [] : crossChecks(sensible, { ...input, idOf });
  const faulty = new Set(faults.map((fault) => pathText(fault.path)));
  const genuine = cross.filter((fault) => !fault.involved.some((path) => faulty.has(pathText(path))));
  const all = [...faults, ...genuine];
  if (!parsed.success || all.length > 0) throw new ConfigError(all.map((fault) => line(fault, input)).join('\n'));
  return compile(parsed.data, idOf, input.hostname);
}

function applied(data: unknown, overrides: readonly Override[]): unknown {
  const copy: unknown = structuredClone(data);
  if (typeof copy !== 'object' || copy === null) return copy;
  for (const { path, value } of [...overrides].reverse()) {
    const [section, key] = path;
    if (section === undefined || key === undefined) continue;
    const root = copy as Record<string, unknown>;
    const before = root[section];
    root[section] = { ...(typeof before === 'object' ? before : {}), [key]: value };
  }
  return copy;
}

function repaired(raw: unknown, faults: readonly Fault[]): CheckedConfig | undefined {
  const rest = withoutFaulty(raw, faults) as { services?: unknown };
  if (typeof rest !== 'object' || !Array.isArray(rest.services)) return undefined;
  const services = rest.services.map((service: unknown) => ({ ...STAND_INS, ...(service as object | undefined) }));
  return configSchema.safeParse({ ...rest, services }).data;
}

function line(fault: Fault, { source, overrides }: ConfigInput): string {
  const path = pathText(fault.path);
  const origin = fault.origin ?? overrides.find((one) => pathText(one.path) === path)?.origin;
  const place = origin ?? source.place(fault.path, fault.atKey === true);
  return `${place}: ${path === '' ? '' : `${path}: `}${fault.message}`;
}

function compile(checked: CheckedConfig, idOf: (service: CheckedService) => string, hostname: string): AgentConfig {
  const [first] = checked.services;
  return {
    // Stable over restarts, so that an agent knows its own ghosts; distinct for several agents on one machine.
    owner: checked.agent.id ?? `${hostname}.${first === undefined ? '' : idOf(first)}`,
    registry: checked.registry,
    log: checked.log,
    schedule: checked.schedule,
    ...(checked.admin.listen !== undefined && { admin: compileAdmin(checked.admin.listen, checked.admin.tokenFile) }),
    services: checked.services.map((service) => compileService(service, idOf(service))),
    checked,
  };
}

function compileAdmin(listen: string, tokenFile: string | undefined): AdminConfig {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(listen.slice(colon + 1)), ...(tokenFile !== undefined && { tokenFile }) };
}

function compileService(service: CheckedService, id: string): ServiceConfig {
  const { name, address, port, tier, weight, tags, meta, probe, drain, restart, recovery, guard, guardian } = service;
  const { schedule, for: forMs } = service.drill;
  return {
    instance: { id, service: name, address, port, tier, weight, tags, meta },
    register: service.register,
    membership: {
      ttlMs: service.ttl,
      deregisterAfterMs: service.deregisterAfter,
      beatMs: service.beat,
      beatTimeoutMs: service.beatTimeout,
    },
    probe: {
      type: probe.type,
      service: probe.service,
      onUnimplemented: probe.onUnimplemented,
      watch: probe.watch ?? probe.type === 'grpc',
      ...(probe.url !== undefined && { url: probe.url }),
      ...(probe.command && { command: compileProgram({ command: probe.command, timeout: 0 }).command }),
      intervalMs: probe.interval,
      timeoutMs: probe.timeout,
      slowFactor: probe.slowFactor,
      detector: { fall: probe.fall, of: probe.of, rise: probe.rise },
    },
    process: compileProcess(service.process),
    ...(service.dependency && { dependency: compileDependency(service.dependency) }),
    drain: { graceMs: drain.grace, timeoutMs: drain.timeout },
    restart: {
      initialDelayMs: restart.initialDelay,
      maxDelayMs: restart.maxDelay,
      factor: restart.factor,
      windowMs: restart.window,
      maxAttempts: restart.maxAttempts,
      stableAfterMs: restart.stableAfter,
      onUnhealthy: restart.onUnhealthy,
      killAfterMs: restart.killAfter,
      startTimeoutMs: restart.startTimeout,
    },
    recovery: {
      ladder: recovery.ladder.map(compileRung),
      graceMs: recovery.grace,
      ...(recovery.restore && { restore: compileProgram(recovery.restore) }),
      ...(recovery.check && { check: compileProgram(recovery.check) }),
      ...(recovery.clients.trust !== 'none' && { clients: recovery.clients }),
    },
    guard,
    guardian: { afterMs: guardian.after, onLost: guardian.onLost.map((rung) => compileRung(rung)) },
    ...(schedule !== 'off' && { drill: { schedule, forMs } }),
    ...(restart.neighbour && { neighbour: restart.neighbour }),
  };
}

function compileProcess({ interval, ...rest }: CheckedService['process']): ProcessConfig {
  const { warnMemory, warnCpu, warnFiles } = rest;
  const limits = {
    ...(warnMemory !== undefined && { memoryBytes: warnMemory }),
    ...(warnCpu !== undefined && { cpuCores: warnCpu }),
    ...(warnFiles !== undefined && { filesShare: warnFiles }),
  };
  return { intervalMs: interval, limits: { ...limits, forMs: rest.for } };
}

function compileDependency(checked: NonNullable<CheckedService['dependency']>): DependencyConfig {
  const { type, address = '', port = 0, service, url, command, rise } = checked;
  // What a URL or a program may hold is nobody's business.
  const where = { tcp: `${address}:${port}`, grpc: `${address}:${port}`, http: hostOf(url), exec: command?.[0] }[type];
  return {
    ...{ type, address, port, service, onUnimplemented: 'pass', rise, what: `${type} ${where ?? ''}` },
    ...(url !== undefined && { url }),
    ...(command && { command: compileProgram({ command, timeout: 0 }).command }),
    intervalMs: checked.interval,
    timeoutMs: checked.timeout,
  };
}

function hostOf(url: string | undefined): string {
  return url === undefined ? '' : new URL(url).host;
}
