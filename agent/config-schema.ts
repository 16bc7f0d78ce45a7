/**
 * The form of the agent's configuration file: keys, types, ranges, defaults. Every message says what is allowed; what was
 * written, and where, is added by agent/config-faults.ts. Values that must fit each other: agent/config-checks.ts.
 */
import { z } from 'zod';
import { DEFAULTS } from './config-defaults';
import {
  DAY_MS,
  duration,
  factorOrNever,
  mapping,
  name,
  numberFrom,
  oneOf,
  size,
  switched,
  text,
  whole,
} from './config-values';

// Consul's limits for service metadata. Keys of our own begin with `understudy`.
const META_KEY = /^(?!understudy)[A-Za-z0-9_-]{1,128}$/;
const META_VALUE_MAX = 512;

const tag = z
  .string('a text without spaces or commas')
  .regex(/^[^\s,]{1,255}$/, 'a text of 1 to 255 characters without spaces or commas');

const PROGRAM = 'a list of a program and its arguments';
const URL_TEXT = 'an http:// or https:// address';

const command = z.array(text(PROGRAM, 4096), PROGRAM).min(1, PROGRAM).max(100, PROGRAM);

const url = z.string(URL_TEXT).refine((written) => /^https?:\/\//.test(written) && URL.canParse(written), URL_TEXT);

const PROBES = ['grpc', 'tcp', 'http', 'exec'] as const;

const probe = mapping({
  type: oneOf(PROBES).default(DEFAULTS.probe.type),
  service: z.string('a service name, or "" for the server as a whole').default(DEFAULTS.probe.service),
  interval: duration(DEFAULTS.probe.interval, 50),
  timeout: duration(DEFAULTS.probe.timeout, 10),
  fall: whole(1, 100).default(DEFAULTS.probe.fall),
  of: whole(1, 100).default(DEFAULTS.probe.of),
  rise: whole(1, 100).default(DEFAULTS.probe.rise),
  onUnimplemented: oneOf(['pass', 'fail']).default(DEFAULTS.probe.onUnimplemented),
  watch: switched.optional(),
  slowFactor: factorOrNever(2, 1000).default(DEFAULTS.probe.slowFactor),
  url: url.optional(),
  command: command.optional(),
});

const address = z
  .string('the host name or IP address that callers connect to')
  .regex(
    /^(?!0\.0\.0\.0$|::$)[A-Za-z0-9._:-]{1,253}$/,
    'the host name or IP address that callers connect to, without a port',
  );

/** Which keys belong to which type is checked in agent/config-checks.ts. */
const dependency = mapping({
  type: oneOf(PROBES).default(DEFAULTS.dependency.type),
  address: address.optional(),
  port: whole(1, 65_535).optional(),
  service: z.string('a service name, or "" for the server as a whole').default(DEFAULTS.probe.service),
  interval: duration(DEFAULTS.dependency.interval, 50),
  timeout: duration(DEFAULTS.dependency.timeout, 10),
  rise: whole(1, 100).default(DEFAULTS.dependency.rise),
  url: url.optional(),
  command: command.optional(),
});

const processLoad = mapping({
  interval: duration(DEFAULTS.process.interval, 100),
  for: duration(DEFAULTS.process.for, 0),
  warnMemory: size(1_048_576).optional(),
  warnCpu: numberFrom(0.01, 1024).optional(),
  warnFiles: numberFrom(0.01, 1).optional(),
});

const drain = mapping({
  grace: duration(DEFAULTS.drain.grace, 0, 3_600_000),
  timeout: duration(DEFAULTS.drain.timeout, 100, 3_600_000),
});

const NEIGHBOUR =
  'a text of at least 3 characters that stands in the command line of the server, and of no other process';

const restart = mapping({
  initialDelay: duration(DEFAULTS.restart.initialDelay, 10),
  maxDelay: duration(DEFAULTS.restart.maxDelay, 10),
  factor: numberFrom(1, 10).default(DEFAULTS.restart.factor),
  window: duration(DEFAULTS.restart.window, 1000),
  maxAttempts: whole(1, 1000).default(DEFAULTS.restart.maxAttempts),
  stableAfter: duration(DEFAULTS.restart.stableAfter, 100),
  onUnhealthy: switched.default(DEFAULTS.restart.onUnhealthy),
  killAfter: duration(DEFAULTS.restart.killAfter, 100, 3_600_000),
  startTimeout: duration(DEFAULTS.restart.startTimeout, 100),
  neighbour: mapping({
    match: z.string(NEIGHBOUR).min(3, NEIGHBOUR).max(1024, NEIGHBOUR),
  }).optional(),
});

const UNIT = 'the name of a unit, such as calculator.service';
const CONTAINER = 'the name or id of a container';

/** Which keys belong to which type is checked in agent/config-checks.ts. */
const rung = mapping({
  type: oneOf(['exec', 'signal', 'child', 'webhook', 'docker', 'systemd']),
  attempts: whole(1, 100).default(DEFAULTS.recovery.attempts),
  timeout: duration(DEFAULTS.recovery.timeout, 100, 3_600_000),
  command: command.optional(),
  signal: oneOf(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGUSR2']).optional(),
  pidFile: text('the path of a file').optional(),
  match: z.string(NEIGHBOUR).min(3, NEIGHBOUR).max(1024, NEIGHBOUR).optional(),
  url: url.optional(),
  secretFile: text('the path of a file').optional(),
  retries: whole(0, 10).optional(),
  container: z
    .string(CONTAINER)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/, CONTAINER)
    .optional(),
  socket: text('the path of a socket').optional(),
  unit: z
    .string(UNIT)
    .regex(/^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]{0,254}$/, UNIT)
    .optional(),
});

const program = (timeout: string) => mapping({ command, timeout: duration(timeout, 100, 3_600_000) });

const recovery = mapping({
  grace: duration(DEFAULTS.recovery.grace, 100, 3_600_000),
  ladder: z.array(rung, 'a list of rungs').max(20, 'a list of at most 20 rungs').default([]),
  restore: program(DEFAULTS.recovery.restore).optional(),
  check: program(DEFAULTS.recovery.check).optional(),
  clients: mapping({
    trust: oneOf(['none', 'verified', 'witnesses']).default(DEFAULTS.recovery.clients.trust),
    witnesses: whole(1, 1000).default(DEFAULTS.recovery.clients.witnesses),
  }).prefault({}),
});

const guard = mapping({
  atOnce: whole(0, 1000).default(DEFAULTS.guard.atOnce),
  minHealthy: whole(0, 1000).default(DEFAULTS.guard.minHealthy),
});

const guardian = mapping({
  after: duration(DEFAULTS.guardian.after, 0, 3_600_000),
  onLost: z
    .array(
      mapping({
        type: oneOf(['exec', 'webhook']),
        attempts: whole(1, 100).default(DEFAULTS.recovery.attempts),
        timeout: duration(DEFAULTS.recovery.timeout, 100, 3_600_000),
        command: command.optional(),
        url: url.optional(),
        secretFile: text('the path of a file').optional(),
        retries: whole(0, 10).optional(),
      }),
      'a list of actions',
    )
    .max(20, 'a list of at most 20 actions')
    .default([]),
});

const CRON = 'a cron expression such as "0 * * * *", or "off"';

const drill = mapping({
  schedule: text(CRON).default(DEFAULTS.drill.schedule),
  for: duration(DEFAULTS.drill.for, 1000, 3_600_000),
});

const metaValue = `a text of at most ${META_VALUE_MAX} characters (put numbers into quotes)`;

const service = mapping({
  name,
  id: name.optional(),
  address,
  port: whole(1, 65_535),
  tier: whole(0, 999).default(DEFAULTS.tier),
  weight: whole(1, 65_535).default(DEFAULTS.weight),
  tags: z.array(tag, 'a list of tags').default([]),
  meta: z
    .record(
      z
        .string()
        .regex(
          META_KEY,
          'keys of 1 to 128 letters, digits, dashes and underscores that do not begin with "understudy"',
        ),
      z.string(metaValue).max(META_VALUE_MAX, metaValue),
      'a mapping of keys to texts',
    )
    .default({}),
  ttl: duration(DEFAULTS.ttl, 1000),
  beat: duration(DEFAULTS.beat, 100),
  beatTimeout: duration(DEFAULTS.beatTimeout, 100),
  deregisterAfter: duration(DEFAULTS.deregisterAfter, 60_000, 7 * DAY_MS, ' (Consul removes nothing sooner than 1m)'),
  register: oneOf(['after-first-pass', 'at-once']).default(DEFAULTS.register),
  probe: probe.prefault({}),
  dependency: dependency.optional(),
  process: processLoad.prefault({}),
  drain: drain.prefault({}),
  restart: restart.prefault({}),
  recovery: recovery.prefault({}),
  guard: guard.prefault({}),
  guardian: guardian.prefault({}),
  drill: drill.prefault({}),
});

const LISTEN = 'an address and a port, such as 127.0.0.1:7780, or port 0 for any free one';

const file = text('the path of a file');

/** The whole file. `registry` keeps what registry/factory reads; there CONSUL_* variables stand in for what is missing. */
export const configSchema = mapping({
  agent: mapping({ id: name.optional() }).prefault({}),
  registry: mapping({
    address: text('an address such as 127.0.0.1:8500 or https://consul.example:8501').optional(),
    token: text('a token', 4096).optional(),
    tokenFile: file.optional(),
    datacenter: name.optional(),
    caFile: file.optional(),
    certFile: file.optional(),
    keyFile: file.optional(),
    tlsServerName: name.optional(),
    tlsSkipVerify: switched.optional(),
  }).prefault({}),
  log: mapping({
    level: oneOf(['error', 'warn', 'info', 'debug']).default(DEFAULTS.log.level),
    format: oneOf(['auto', 'pretty', 'json']).default(DEFAULTS.log.format),
  }).prefault({}),
  schedule: mapping({
    summary: text(CRON).default(DEFAULTS.schedule.summary),
    retention: text(CRON).default(DEFAULTS.schedule.retention),
  }).prefault({}),
  journal: mapping({
    folder: text('the path of a folder').optional(),
    fileSize: whole(65_536, 1_073_741_824).default(DEFAULTS.journal.fileSize),
    files: whole(2, 1000).default(DEFAULTS.journal.files),
    keepDays: whole(1, 3650).default(DEFAULTS.journal.keepDays),
  }).prefault({}),
  admin: mapping({
    listen: z
      .string(LISTEN)
      .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]{1,253}):\d{1,5}$/, LISTEN)
      .optional(),
    tokenFile: text('the path of a file').optional(),
  }).prefault({}),
  services: z.array(service, 'a list with at least one service').min(1, 'a list with at least one service'),
});

/** What the file says, complete and each value within its range. Durations are milliseconds. */
export type CheckedConfig = z.output<typeof configSchema>;
export type CheckedService = CheckedConfig['services'][number];
export type CheckedRung = CheckedService['recovery']['ladder'][number];
