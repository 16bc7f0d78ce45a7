/**
 * Starts a real Consul for one developer or one test: one server in memory, on loopback ports of its own, ready for
 * writes. It never outlives its parent, even one that was killed, and never leaves a file behind.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../runtime/sleep';
import { systemClock } from '../../runtime/system-clock';
import { acceptsWrites } from './accepts-writes';
import { consulConfig, type ConsulPorts } from './consul-config';
import { freePorts } from './free-ports';
import { launchConsul, type ConsulRun } from './launch-consul';

export interface DevConsulOptions {
  /** Path of the executable, and the version it told: findConsul() gives both. */
  readonly binary: { readonly path: string; readonly version: string };
  /** Ports that must be these; the others are chosen. */
  readonly ports?: Partial<ConsulPorts>;
  /** Serve the web UI at the HTTP address. */
  readonly ui?: boolean;
  /** A server as in production, with its state on disk; a development one indents its JSON, which doubles each answer. */
  readonly onDisk?: boolean;
  /** More configuration; it wins over ours. */
  readonly extraHcl?: string;
  /** Token that may create sessions: needed when `extraHcl` switches ACLs on. */
  readonly token?: string;
  /** Default 20 000. */
  readonly readyTimeoutMs?: number;
}

export interface ConsulProcess {
  /** `127.0.0.1:PORT` of the HTTP API. */
  readonly address: string;
  readonly httpPort: number;
  /** `1.20.6` */
  readonly version: string;
  /** Of the running process; after restart() another one. */
  readonly pid: number;
  /** Ends the process by a signal and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it if it runs, starts it again on the same ports with EMPTY state, and waits until writes work. */
  restart(): Promise<void>;
  /** Freezes the process: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends it for good and removes its folder. Idempotent. */
  stop(): Promise<void>;
}

/** Rejects with the tail of Consul's own log when it does not become ready. */
export async function startDevConsul(options: DevConsulOptions): Promise<ConsulProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-consul-'));
  for (let tries = 1; ; tries += 1) {
    const consul = new DevConsul(options, await choosePorts(options.ports ?? {}), folder);
    try {
      await consul.restart();
      return consul;
    } catch (error) {
      // Somebody may take a port between the choice and Consul's bind.
      const again = tries < 3 && String(error).includes('address already in use');
      await (again ? consul.kill() : consul.stop());
      if (!again) throw error;
    }
  }
}

async function choosePorts(given: Partial<ConsulPorts>): Promise<ConsulPorts> {
  const [http = 0, server = 0, serfLan = 0, serfWan = 0] = await freePorts(4);
  return { http, server, serfLan, serfWan, ...given };
}

class DevConsul implements ConsulProcess {
  readonly address: string;
  readonly httpPort: number;
  readonly version: string;
  private run: ConsulRun | undefined;
  private stopped = false;

  constructor(
    private readonly options: DevConsulOptions,
    private readonly ports: ConsulPorts,
    private readonly folder: string,
  ) {
    this.httpPort = ports.http;
    this.address = `127.0.0.1:${String(ports.http)}`;
    this.version = options.binary.version;
  }

  get pid(): number {
    if (this.run === undefined) throw new Error(`Consul at ${this.address} does not run`);
    return this.run.pid;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { run } = this;
    if (run === undefined) return;
    run.child.kill(signal);
    run.child.kill('SIGCONT'); // a paused process dies of SIGKILL only
    await run.ended;
    this.run = undefined;
  }

  async restart(): Promise<void> {
    if (this.stopped) throw new Error(`Consul at ${this.address} was stopped for good`);
    await this.kill();
    const configFile = join(this.folder, 'consul.hcl');
    const extraFile = join(this.folder, 'extra.hcl');
    const logFile = join(this.folder, 'consul.log');
    await writeFile(configFile, consulConfig(this.ports, this.version));
    await writeFile(extraFile, this.options.extraHcl ?? '');
    const data = join(this.folder, 'data');
    await rm(data, { recursive: true, force: true });
    const form = this.options.onDisk === true ? ['-server', '-bootstrap-expect=1', `-data-dir=${data}`] : ['-dev'];
    const flags = ['agent', ...form, `-config-file=${configFile}`, `-config-file=${extraFile}`];
    if (this.options.ui === true) flags.push('-ui');
    const run = await launchConsul(this.options.binary.path, flags, this.folder, logFile);
    this.run = run;
    await this.waitUntilReady(run, logFile);
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    this.stopped = true;
    // All state is in memory: there is nothing that a gentler signal would save.
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async waitUntilReady(run: ConsulRun, logFile: string): Promise<void> {
    const clock = systemClock({ holdsProcess: true });
    const timeoutMs = this.options.readyTimeoutMs ?? 20_000;
    const startedMs = clock.nowMs();
    while (!(await acceptsWrites(this.ports.http, this.options.token))) {
      const gone = run.child.exitCode !== null || run.child.signalCode !== null;
      if (gone || clock.nowMs() - startedMs > timeoutMs) {
        const what = gone ? 'ended before it was ready' : `took no write within ${String(timeoutMs)} ms`;
        const log = await readFile(logFile, 'utf8').catch(() => '');
        throw new Error(`Consul at ${this.address} ${what}. Its log ends with:\n${log.trim().slice(-1_500)}`);
      }
      await sleep(clock, 10);
    }
  }
}
