/**
 * Checks values that must fit each other: timeouts against intervals, beats against the TTL, ids against ids. Each value
 * alone is right already. A fault names every key that takes part, at the one that most likely has to change.
 */
import { longestAttemptsMs } from '../core/decide/attempts';
import type { CheckedConfig, CheckedService } from './config-schema';
import type { Fault, KeyPath } from './config-faults';
import { rungFaults } from './config-rungs';
import { formatDuration } from '../core/time/duration';
import { RETRY_MAX_MS } from './membership-loop';

/** A fault, and the keys that it rests on: when one of them is faulty itself, this fault may be an echo. */
export interface CrossFault extends Fault {
  readonly involved: readonly KeyPath[];
}

export interface CheckContext {
  /** A server command stands on the command line. */
  readonly supervises: boolean;
  readonly isCron: (expression: string) => boolean;
  /** What registry/factory finds wrong, by key or by environment variable. */
  readonly registryFaults: (
    registry: CheckedConfig['registry'],
  ) => readonly { readonly key: string; readonly message: string }[];
  /** The id that a service gets when it names none. */
  readonly idOf: (service: CheckedService) => string;
}

export function crossChecks(config: CheckedConfig, context: CheckContext): readonly CrossFault[] {
  return [
    ...config.services.flatMap((service, at) => serviceChecks(service, ['services', at])),
    ...config.services.flatMap(({ probe }, at) => probeChecks(probe, ['services', at, 'probe'])),
    ...config.services.flatMap(({ dependency }, at) => dependencyChecks(dependency, ['services', at, 'dependency'])),
    ...config.services.flatMap(({ process }, at) => processChecks(process, ['services', at, 'process'], context)),
    ...config.services.flatMap((service, at) => recoveryChecks(service, ['services', at], context)),
    ...duplicates(config.services, 'id', context.idOf),
    ...duplicates(config.services, 'port', ({ name, address, port }) => `${name} at ${address}:${port}`),
    ...wholeChecks(config, context),
  ];
}

function serviceChecks(service: CheckedService, at: KeyPath): readonly CrossFault[] {
  const { ttl, beat, beatTimeout, probe, restart } = service;
  const beatSum = beat + beatTimeout + RETRY_MAX_MS;
  const attempts = longestAttemptsMs({
    initialDelayMs: restart.initialDelay,
    maxDelayMs: restart.maxDelay,
    ...restart,
  });
  const check = (ok: boolean, key: string, others: readonly string[], message: string): readonly CrossFault[] => {
    const paths = [key, ...others].map((one) => [...at, ...one.split('.')]);
    return ok ? [] : [{ path: paths[0] ?? at, message, involved: paths }];
  };
  return [
    ...check(
      beatSum < ttl,
      'ttl',
      ['beat', 'beatTimeout'],
      `beat (${formatDuration(beat)}) + beatTimeout (${formatDuration(beatTimeout)}) + retry (${formatDuration(RETRY_MAX_MS)}) must be less than the ttl, or one lost beat makes a healthy server critical; allowed: more than ${formatDuration(beatSum)}`,
    ),
    ...check(
      probe.timeout <= probe.interval,
      'probe.timeout',
      ['probe.interval'],
      `${formatDuration(probe.timeout)} is more than the interval of ${formatDuration(probe.interval)}; allowed: at most the interval`,
    ),
    ...check(
      probe.fall <= probe.of,
      'probe.fall',
      ['probe.of'],
      `${probe.fall} failures can never be among the last ${probe.of} probes; allowed: 1 to ${probe.of}`,
    ),
    ...check(
      probe.type === 'grpc' || probe.service === '',
      'probe.service',
      ['probe.type'],
      `a probe of type ${probe.type} cannot ask for a service; allowed: no service, or type grpc`,
    ),
    ...check(
      probe.type === 'grpc' || probe.watch === undefined,
      'probe.watch',
      ['probe.type'],
      `there is nothing to watch for a probe of type ${probe.type}; allowed: no watch, or type grpc`,
    ),
    ...check(
      restart.initialDelay <= restart.maxDelay,
      'restart.initialDelay',
      ['restart.maxDelay'],
      `${formatDuration(restart.initialDelay)} is more than maxDelay (${formatDuration(restart.maxDelay)}); allowed: at most maxDelay`,
    ),
    ...check(
      attempts < restart.window,
      'restart.window',
      ['restart.initialDelay', 'restart.maxDelay', 'restart.factor', 'restart.maxAttempts'],
      `all ${restart.maxAttempts} attempts wait up to ${formatDuration(attempts)} together, so a crash loop would never be given up; allowed: more than ${formatDuration(attempts)}`,
    ),
  ];
}

/** What a probe of this type needs, and no other may have. */
function probeChecks(
  probe: Pick<CheckedService['probe'], 'type' | 'url' | 'command'>,
  at: KeyPath,
): readonly CrossFault[] {
  const own = [
    ['http', 'url', 'an address'],
    ['exec', 'command', 'a program'],
  ] as const;
  return own
    .filter(([type, key]) => (probe.type === type) !== (probe[key] !== undefined))
    .map(([type, key, what]) => ({
      path: [...at, key],
      message: `${what} is needed for a probe of type ${type}, and allowed for no other`,
      involved: [
        [...at, key],
        [...at, 'type'],
      ],
    }));
}

function dependencyChecks(dependency: CheckedService['dependency'], at: KeyPath): readonly CrossFault[] {
  if (dependency === undefined) return [];
  const { type, interval, timeout, service } = dependency;
  const faults: CrossFault[] = [];
  const add = (key: string, other: string, message: string): void => {
    faults.push({ path: [...at, key], message, involved: [key, other].map((one) => [...at, one]) });
  };
  for (const key of ['address', 'port'] as const)
    if ((type === 'tcp' || type === 'grpc') !== (dependency[key] !== undefined))
      add(key, 'type', 'address and port are needed for a dependency of type tcp or grpc, and allowed for no other');
  if (type !== 'grpc' && service !== '')
    add('service', 'type', `a probe of type ${type} cannot ask for a service; allowed: no service, or type grpc`);
  if (timeout > interval)
    add(
      'timeout',
      'interval',
      `${formatDuration(timeout)} is more than the interval of ${formatDuration(interval)}; allowed: at most the interval`,
    );
  return [...probeChecks(dependency, at), ...faults];
}

function processChecks(
  process: CheckedService['process'],
  at: KeyPath,
  { supervises }: CheckContext,
): readonly CrossFault[] {
  if (supervises) return [];
  const message = 'only a server that this agent starts is watched; allowed: with a server command';
  return (['warnMemory', 'warnCpu', 'warnFiles'] as const)
    .filter((key) => process[key] !== undefined)
    .map((key) => ({ path: [...at, key], message, involved: [[...at, key]] }));
}

function recoveryChecks(
  { restart, recovery: { ladder }, guardian: { onLost } }: CheckedService,
  at: KeyPath,
  { supervises }: CheckContext,
): readonly CrossFault[] {
  const rungs = [
    ...rungFaults(ladder, supervises).map((fault) => ({ ...fault, at: ['recovery', 'ladder', ...fault.at] })),
    ...rungFaults(onLost, supervises).map((fault) => ({ ...fault, at: ['guardian', 'onLost', ...fault.at] })),
  ].map(({ at: below, message }) => {
    const path = [...at, ...below];
    return { path, message, involved: [path, [...path.slice(0, -1), 'type']] };
  });
  if (ladder.length === 0 || restart.neighbour === undefined) return rungs;
  const path = [...at, 'restart', 'neighbour'];
  const message = 'a ladder is given, which decides alone; allowed: a rung of type signal with the same match';
  return [...rungs, { path, message, involved: [path] }];
}

function duplicates(
  services: readonly CheckedService[],
  key: string,
  keyOf: (service: CheckedService) => string,
): readonly CrossFault[] {
  const first = new Map<string, number>();
  return services.flatMap((service, at) => {
    const value = keyOf(service);
    const other = first.get(value);
    if (other === undefined) {
      first.set(value, at);
      return [];
    }
    const involved = [at, other].flatMap((index) =>
      restsOn(key, services[index]).map((one) => ['services', index, one]),
    );
    const allowed = key === 'id' ? 'an id of its own' : 'one entry for each server of a service';
    return [
      {
        path: ['services', at, key],
        message: `"${value}" is used by services[${other}] already; allowed: ${allowed}`,
        involved,
      },
    ];
  });
}

/** The keys that an identity is made of: a default id comes from name and port. */
function restsOn(key: string, service: CheckedService | undefined): readonly string[] {
  if (key === 'id') return service?.id === undefined ? ['id', 'name', 'port'] : ['id'];
  return ['name', 'address', 'port'];
}

function wholeChecks(
  { services, schedule, registry, admin }: CheckedConfig,
  context: CheckContext,
): readonly CrossFault[] {
  const faults: CrossFault[] = [];
  const add = (path: KeyPath, message: string): void => void faults.push({ path, message, involved: [path] });
  if (context.supervises && services.length > 1) {
    add(
      ['services'],
      `a server command is given, but ${services.length} services are configured; allowed: exactly one service with a command`,
    );
  }
  for (const [at, { restart }] of services.entries()) {
    if (!context.supervises || restart.neighbour === undefined) continue;
    add(
      ['services', at, 'restart', 'neighbour'],
      'a server command is given, so the server is a child of this agent and no neighbour; allowed: one of the two',
    );
  }
  const schedules = [
    ...Object.entries(schedule).map(([key, expression]) => [['schedule', key], expression] as const),
    ...services.map(({ drill }, at) => [['services', at, 'drill', 'schedule'], drill.schedule] as const),
  ];
  for (const [path, expression] of schedules) {
    if (expression === 'off' || context.isCron(expression)) continue;
    add(path, `"${expression}" is no cron expression; allowed: five or six fields such as "0 * * * *", or "off"`);
  }
  faults.push(...adminFaults(admin));
  for (const { key, message } of context.registryFaults(registry)) {
    const variable = key === key.toUpperCase();
    const path = variable ? [key] : ['registry', key];
    faults.push({ path, message, involved: [path], ...(variable && { origin: 'environment' }) });
  }
  return faults;
}

function adminFaults({ listen, tokenFile }: CheckedConfig['admin']): readonly CrossFault[] {
  if (listen === undefined || tokenFile !== undefined || /^(127\.|localhost:|\[::1\])/.test(listen)) return [];
  const path = ['admin', 'listen'];
  const message = 'other machines reach this address, so they need a token; allowed: tokenFile, or a loopback address';
  return [{ path, message, involved: [path, ['admin', 'tokenFile']] }];
}
