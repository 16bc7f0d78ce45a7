/**
 * An agent on a virtual clock, beside a memory registry, with a server, probes and processes that a test holds in its
 * hand. Nothing here is real but the agent.
 */
import { buildAgent } from '../../../agent/build-agent';
import type { Hook, HookContext, HookResult } from '../../../agent/hooks/hook';
import { MemoryJournal } from '../../../agent/journal/memory-journal';
import type { AgentRegistry } from '../../../agent/membership-loop';
import type { LogLevel, Probe, ProbeResult, ServerExit, ServerLauncher } from '../../../agent/ports';
import type { HookRung, ServiceConfig } from '../../../agent/service-config';
import type { ProcessUse } from '../../../core/detect/process-load';
import { foldIncidents, type Incident } from '../../../core/domain/incident-record';
import type { CatalogEntry } from '../../../core/domain/instance';
import { MemoryRegistry } from '../../../registry/memory/memory-registry';
import { VirtualClock } from '../../support/virtual-clock';

export const OWNER = 'host.calculator-1';
export const PASS: ProbeResult = { outcome: 'pass', reason: 'SERVING in 1.0 ms' };
export const REFUSED: ProbeResult = { outcome: 'refused', reason: 'cannot reach it: ECONNREFUSED (0.3 ms)' };
export const NOT_SERVING: ProbeResult = { outcome: 'answered-no', reason: 'server says NOT_SERVING (0.8 ms)' };

export function serviceConfig(id = 'calculator-1', change: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    instance: { id, service: 'calculator', address: '10.0.0.7', port: 5001, tier: 0, weight: 1, tags: [], meta: {} },
    register: 'after-first-pass',
    membership: { ttlMs: 10_000, deregisterAfterMs: 600_000, beatMs: 1000, beatTimeoutMs: 3000 },
    probe: {
      type: 'grpc',
      service: '',
      onUnimplemented: 'pass',
      intervalMs: 1000,
      timeoutMs: 500,
      detector: { fall: 2, of: 3, rise: 2 },
    },
    drain: { graceMs: 2000, timeoutMs: 8000 },
    restart: {
      initialDelayMs: 100,
      maxDelayMs: 10_000,
      factor: 2,
      windowMs: 120_000,
      maxAttempts: 3,
      stableAfterMs: 15_000,
      onUnhealthy: true,
      killAfterMs: 3000,
      startTimeoutMs: 30_000,
    },
    recovery: { ladder: [], graceMs: 10_000 },
    guard: { atOnce: 1, minHealthy: 0 },
    guardian: { afterMs: 10_000, onLost: [] },
    ...change,
  };
}

/** A server whose answer a test sets; `undefined` is silence. */
export class ProbedServer implements Probe {
  answer: ProbeResult | undefined = PASS;
  /** How long an answer takes; at once when it is not set. */
  takes: (() => Promise<void>) | undefined;
  checks = 0;

  check(): Promise<ProbeResult> {
    this.checks += 1;
    const { answer } = this;
    const told = answer === undefined ? new Promise<never>(() => undefined) : Promise.resolve(answer);
    return this.takes === undefined ? told : this.takes().then(() => told);
  }

  reset(): void {
    // No connection to forget.
  }

  close(): void {
    // No connection to close.
  }
}

/** Processes that live until a test, or a signal that they obey, ends them. */
class Processes implements ServerLauncher {
  readonly signals: string[] = [];
  launches = 0;
  alive = 0;
  mostAlive = 0;
  obeys: readonly string[] = ['SIGTERM', 'SIGKILL'];
  private onExit: ((exit: ServerExit) => void) | undefined;

  constructor(private readonly clock: VirtualClock) {}

  launch(onExit: (exit: ServerExit) => void): { pid: number; signal: (name: string) => boolean } {
    this.launches += 1;
    this.alive += 1;
    this.mostAlive = Math.max(this.mostAlive, this.alive);
    this.onExit = onExit;
    const signal = (name: string): boolean => {
      this.signals.push(name);
      if (this.obeys.includes(name)) this.clock.after(1, () => this.end(`signal ${name}`));
      return true;
    };
    return { pid: 1000 + this.launches, signal };
  }

  end(how: string): void {
    const { onExit } = this;
    if (onExit === undefined) return;
    this.onExit = undefined;
    this.alive -= 1;
    onExit({ how });
  }
}

/** Hooks that do nothing but remember why they were run; `answer` undefined is one that hangs until it is stopped. */
class Hooks {
  readonly runs: (HookContext & { readonly type: string })[] = [];
  answer: HookResult | undefined = { ok: true, how: 'done' };
  onRun: () => void = () => undefined;

  of({ type, timeoutMs }: HookRung): Hook {
    return {
      type,
      what: `run ${type}`,
      timeoutMs,
      run: (context, signal) => {
        this.runs.push({ ...context, type });
        this.onRun();
        if (this.answer !== undefined) return Promise.resolve(this.answer);
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        });
      },
    };
  }
}

/** Puts a delay, or a hang, in front of every call. Calls are counted by name. */
function slowed(registry: MemoryRegistry, clock: VirtualClock, knob: Knob): AgentRegistry {
  const late = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    knob.calls.push(name);
    if (knob.delayMs > 0) await new Promise<void>((resolve) => clock.after(knob.delayMs, resolve));
    return call();
  };
  return {
    register: (registration, signal) => late('register', () => registry.register(registration, signal)),
    beat: (id, health, reason, signal) => late('beat', () => registry.beat(id, health, reason, signal)),
    deregister: (id, signal) => late('deregister', () => registry.deregister(id, signal)),
    setMaintenance: (id, on, reason, signal) =>
      late('maintenance', () => registry.setMaintenance(id, on, reason, signal)),
    snapshot: (query, signal) => late('snapshot', () => registry.snapshot(query, signal)),
    acquire: (options, signal) => late('acquire', () => registry.acquire(options, signal)),
    registered: (signal) => late('registered', () => registry.registered(signal)),
  };
}

interface Knob {
  delayMs: number;
  readonly calls: string[];
}

interface BenchOptions {
  readonly child?: boolean;
  /** What its processes use. */
  readonly processUse?: { read(pid: number): ProcessUse | undefined };
  /** Incidents of an earlier run. */
  readonly left?: readonly Incident[];
}

export class Bench {
  readonly clock = new VirtualClock();
  readonly registry = new MemoryRegistry(this.clock);
  readonly knob: Knob = { delayMs: 0, calls: [] };
  readonly processes = new Processes(this.clock);
  readonly lines: { level: LogLevel; message: string }[] = [];
  readonly journal = new MemoryJournal();
  readonly hooks = new Hooks();
  readonly servers = new Map<string, ProbedServer>();
  /** What all servers share, where their configuration names it. */
  readonly dependency = new ProbedServer();
  readonly ended: Promise<number>;
  private readonly agent;

  constructor(services: readonly ServiceConfig[] = [serviceConfig()], options: BenchOptions = {}) {
    for (const { instance } of services) this.servers.set(instance.id, new ProbedServer());
    this.agent = buildAgent(services, OWNER, {
      registry: slowed(this.registry, this.clock, this.knob),
      clock: this.clock,
      rng: () => 0.5,
      log: { write: (level, message) => void this.lines.push({ level, message }) },
      journal: this.journal,
      left: options.left ?? [],
      hookOf: (rung) => this.hooks.of(rung),
      probeOf: ({ instance }) => this.server(instance.id),
      dependencyOf: ({ dependency }) => dependency && this.dependency,
      ...(options.child === true && { launcher: this.processes }),
      ...(options.processUse && { processUse: options.processUse }),
      onCannotStart: ({ how }) => this.agent.stop(how, 127, 127),
    });
    let begin: () => void = () => undefined;
    this.begin = () => begin();
    this.ended = new Promise<void>((resolve) => (begin = resolve)).then(() => this.agent.run());
  }

  private readonly begin: () => void;

  async start(): Promise<this> {
    this.begin();
    await this.pass(5);
    return this;
  }

  /** An operator wants it. @returns why not */
  restart(reason: string): string | undefined {
    return this.agent.services[0]?.restart(reason);
  }

  /** A client finds the server unfit. @returns why nothing is done */
  plead(client: string, why = 'its last 3 calls failed'): string | undefined {
    return this.agent.services[0]?.plead({ client, why });
  }

  server(id = 'calculator-1'): ProbedServer {
    const server = this.servers.get(id);
    if (server === undefined) throw new Error(`no server ${id}`);
    return server;
  }

  pass(ms: number): Promise<void> {
    return this.clock.advanceAsync(ms);
  }

  async entry(id = 'calculator-1'): Promise<CatalogEntry | undefined> {
    const { instances } = await this.registry.snapshot({ service: 'calculator' });
    return instances.find((instance) => instance.id === id);
  }

  async health(id = 'calculator-1'): Promise<string> {
    return (await this.entry(id))?.health ?? 'missing';
  }

  /** Every health that differs from the one before, looked at every 10 ms. */
  async healthsWhile(ms: number, id = 'calculator-1'): Promise<readonly string[]> {
    const seen = [await this.health(id)];
    for (let passed = 0; passed < ms; passed += 10) {
      await this.pass(10);
      const now = await this.health(id);
      if (now !== seen.at(-1)) seen.push(now);
    }
    return seen;
  }

  async incidents(): Promise<readonly Incident[]> {
    return foldIncidents(await this.journal.read());
  }

  said(level: LogLevel, text: string): number {
    return this.lines.filter((line) => line.level === level && line.message.includes(text)).length;
  }

  stop(): void {
    this.agent.stop('draining: the test ends', 0, 143);
  }

  signal(name: 'SIGHUP'): void {
    this.agent.signal(name);
  }

  /** Ends the agent by whatever way, so that no timer is left. */
  async end(): Promise<number> {
    this.begin();
    this.stop();
    await this.pass(1);
    this.stop();
    await this.pass(20_000);
    await this.registry.close();
    return this.ended;
  }
}
