/**
 * The composition root of `understudy agent`: reads the configuration, opens the registry, chooses the real clock, probes
 * and processes, and runs the agent. Every mistake of the user ends here as a message and an exit code.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { hostPort } from '../core/domain/instance';
import { openRegistry, RegistryConfigError, type RegistryConfig } from '../registry/factory';
import type { Registry } from '../registry/port';
import { systemClock } from '../runtime/system-clock';
import { openAdmin } from './admin/open-admin';
import { buildAgent } from './build-agent';
import { buildDrills } from './build-drills';
import { buildGuardians } from './build-guardians';
import { buildConfig, environmentOverrides, type AgentConfig, type Override } from './config';
import { printConfig } from './config-print';
import { readConfigFile } from './config-source';
import { asError, withDeadline } from './deadline';
import { HookNotes } from './hook-notes';
import type { Hook } from './hooks/hook';
import { makeHook } from './hooks/make-hook';
import { fileName, openJournal, placeFor, takeUp } from './journal/open-journal';
import { createLog, logFormat } from './logging';
import { processesMatching } from './neighbour-process';
import { makeDependencyProbe, makeProbe } from './make-probe';
import type { Log, ServerLauncher } from './ports';
import { notedLauncher } from './noted-launcher';
import { ProcessUseReader } from './process-use';
import { runSchedules } from './run-schedules';
import { isCronExpression } from './schedule';
import { ServerNote } from './server-note';
import { commandLauncher } from './server-process';
import type { HookRung, ServiceConfig } from './service-config';
import { listenToSignals } from './signals';
import { TcpProbe } from './tcp-probe';

export interface AgentOptions {
  readonly configFile: string;
  /** Values given by flags; they win over everything. */
  readonly flags: readonly Override[];
  /** The server command and its arguments; empty: the server runs on its own. */
  readonly command: readonly string[];
  /** Only check and print the configuration. */
  readonly checkConfig: boolean;
}

const EXIT_USAGE = 2;
const EXIT_FAILURE = 1;
const clock = systemClock({ holdsProcess: true });

/** Runs until a signal ends it. Resolves with the exit code: 0 after an orderly end, 2 for a mistake in the configuration. */
export async function runAgent(options: AgentOptions, env: NodeJS.ProcessEnv = process.env): Promise<number> {
  // Whoever read our output may go away; the servers must not go with him.
  process.stdout.on('error', () => undefined);
  let config: AgentConfig;
  let registry: Registry;
  try {
    config = readConfig(options, env);
    // The loops bring their own, shorter limits; this one only has to be out of their way.
    const timeoutMs = Math.max(...config.services.map(({ membership }) => membership.beatTimeoutMs));
    registry = openRegistry({ ...config.registry, timeoutMs: Math.min(60_000, timeoutMs) }, env);
  } catch (error) {
    process.stderr.write(`${asError(error).message}\n`);
    return EXIT_USAGE;
  }
  try {
    if (options.checkConfig) {
      process.stdout.write(printConfig(config));
      return 0;
    }
    return await serve(options, config, registry, env);
  } finally {
    await registry.close();
  }
}

function readConfig(options: AgentOptions, env: NodeJS.ProcessEnv): AgentConfig {
  return buildConfig({
    source: readConfigFile(options.configFile),
    overrides: [...options.flags, ...environmentOverrides(env)],
    hostname: hostname(),
    supervises: options.command.length > 0,
    isCron: isCronExpression,
    registryFaults: (registry) => registryFaults(registry, env),
  });
}

/** Opening sends nothing, so it can be tried only to hear what is wrong. */
function registryFaults(config: RegistryConfig, env: NodeJS.ProcessEnv): readonly { key: string; message: string }[] {
  try {
    void openRegistry(config, env).close();
    return [];
  } catch (error) {
    if (!(error instanceof RegistryConfigError)) throw error;
    return error.faults.map((fault) => {
      const [, key = 'address', message = fault] = /^([A-Za-z_]+)(?:: (.*))?/.exec(fault) ?? [];
      return { key, message };
    });
  }
}

async function serve(
  options: AgentOptions,
  config: AgentConfig,
  registry: Registry,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const terminal = process.stdout.isTTY;
  const log = createLog({ ...config.log, terminal });
  const note = serverNoteOf(config, env);
  const isJson = logFormat({ ...config.log, terminal }) === 'json';
  const launcher = launcherOf(options.command, { env, note }, isJson ? log : undefined);
  const taken = launcher && (await whoIsThere(config.services[0], note));
  if (taken !== undefined) return complain(taken);
  const journal = openJournal(config, { clock, log, env });
  const admin = await openAdmin(config, { agent: config.owner, clock, journal, log, registry });
  if (typeof admin === 'string') return complain(admin);
  let cannotStart = 0;
  const notes = endLeftHooks(noteIn(config, env, 'hooks'), log);
  const hookOf = (rung: HookRung): Hook => makeHook(rung, { clock, rng: Math.random, env, notes });
  const shared = { registry, clock, log, journal };
  const drills = buildDrills(config.services, config.owner, {
    ...shared,
    incident: (service) => agent.incidentOf(service),
  });
  const guardians = buildGuardians(config.services, config.owner, { ...shared, hookOf });
  const agent = buildAgent(config.services, config.owner, {
    ...shared,
    rng: Math.random,
    left: await takeUp(journal, config, clock),
    ...(admin && { admin: admin.where, onRecord: (...step) => admin.admin.metrics.count(...step) }),
    hookOf,
    duties: [...guardians, ...drills.map(({ drill }) => drill)],
    probeOf: (service) => makeProbe(service, clock, env),
    dependencyOf: (service) => makeDependencyProbe(service, clock, env),
    neighbourOf: ({ neighbour }) => neighbour && processesMatching(neighbour.match),
    ...(launcher && { launcher, processUse: new ProcessUseReader() }),
    onCannotStart: ({ how, spawnError }) => {
      process.stderr.write(`${how}\n`);
      // The codes of a shell, of env and of nohup.
      cannotStart = spawnError === 'ENOENT' ? 127 : 126;
      agent.stop(`ending: ${how}`, cannotStart, cannotStart);
    },
  });
  admin?.admin.serve(agent.services);
  const ids = config.services.map(({ instance }) => instance.id).join(', ');
  log.write('info', `agent ${config.owner} for ${ids}; registry: ${registry.description}; ${journal.description}`, {
    pid: process.pid,
  });
  const stopListening = listenToSignals(agent, () => admin?.admin.quiet());
  const stopSchedules = runSchedules(config, agent, shared, drills);
  try {
    return await agent.run();
  } finally {
    stopSchedules();
    stopListening();
    await admin?.admin.stop();
    await journal.close();
  }
}

function complain(message: string): number {
  process.stderr.write(`${message}\n`);
  return EXIT_FAILURE;
}

function launcherOf(
  command: readonly string[],
  { env, note }: { readonly env: NodeJS.ProcessEnv; readonly note: ServerNote | undefined },
  log: Log | undefined,
): ServerLauncher | undefined {
  const [program, ...args] = command;
  if (program === undefined) return undefined;
  const onLine = log && ((line: string, stream: string): void => log.write('info', line, { from: 'server', stream }));
  const launcher = commandLauncher({ command: [program, ...args], env, ...(onLine && { onLine }) });
  return note === undefined ? launcher : notedLauncher(launcher, note, clock);
}

/** Where a note of this agent lies. Without a folder nothing outlives this process. */
function noteIn(config: AgentConfig, env: NodeJS.ProcessEnv, name: string): string | undefined {
  const place = placeFor(config, env);
  return place && join(place.folder, `${place.agent}.${name}.json`);
}

/** Nothing of an earlier run goes on beside this one. */
function endLeftHooks(path: string | undefined, log: Log): HookNotes {
  const notes = new HookNotes(path);
  for (const pid of notes.endLeft())
    log.write('warn', `ended process ${pid}, a hook that an earlier run of this agent had begun`);
  return notes;
}

/** A command is that of the one service. */
function serverNoteOf(config: AgentConfig, env: NodeJS.ProcessEnv): ServerNote | undefined {
  const [first] = config.services;
  const path = first && noteIn(config, env, `${fileName(first.instance.id)}.server`);
  return path === undefined ? undefined : new ServerNote(path);
}

/** Why no server can be started here; undefined: nobody is there, or it is the one that an earlier run left. */
async function whoIsThere(
  service: ServiceConfig | undefined,
  note: ServerNote | undefined,
): Promise<string | undefined> {
  if (service === undefined) return undefined;
  const left = note?.read();
  if (left?.keeper !== undefined)
    return `${service.instance.id} is looked after already: agent process ${left.keeper.pid} runs, and its server is process ${left.server.pid}; stop that agent, or give this one another agent.id`;
  if (left !== undefined || !(await isTaken(service))) return undefined;
  return `${hostPort(service.instance)} is already in use: another server answers there; stop it, or choose another port`;
}

/** Somebody accepts connections where our server is about to listen: it would fail, or share its port unnoticed. */
async function isTaken({ instance, probe }: ServiceConfig): Promise<boolean> {
  const { signal } = new AbortController();
  const tcp = new TcpProbe(instance, clock);
  const checking = withDeadline({ clock, timeoutMs: probe.timeoutMs, signal }, (inner) => tcp.check(inner));
  const result = await checking.catch(() => undefined);
  return result?.outcome === 'pass';
}
