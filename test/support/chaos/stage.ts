/**
 * What a chaos test plays on: three real Calculators with ledgers, each behind a line that can lose everything, registered
 * in a real Consul, and one caller under load.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { readLedger } from '../../../calculator/ledger';
import { registerUnderstudy, type ClientTunables, type Understudy } from '../../../index';
import { CalculatorClient, calculatorService } from '../../../proto/calculator';
import { openRegistry } from '../../../registry/factory';
import type { Registry } from '../../../registry/port';
import { startCalculator, type CalculatorProcess } from '../../../scripts/chaos/calculator-process';
import { instance, registration } from '../registrations';
import { TcpProxy } from '../../../scripts/chaos/tcp-proxy';
import { until } from '../../../scripts/chaos/until';
import { checkLedgers, type LedgerVerdict } from '../../../scripts/chaos/ledger-check';
import { MixedLoad } from '../../../scripts/chaos/mixed-load';

/** `tiers`: a primary and two backups; `equals`: three instances of tier 0. */
export type Topology = 'tiers' | 'equals';

export interface StageOptions {
  /** Where the caller finds Consul; by default where it is. */
  readonly callersConsul?: string;
  readonly client?: ClientTunables;
}

const NAMES = ['calculator-1', 'calculator-2', 'calculator-3'] as const;
const VICTIM = NAMES[0];
const SERVICE_TIME_MS = 3;

let stages = 0;

export class Stage {
  readonly service = `calculator-${(stages += 1)}`;
  readonly changes: string[] = [];
  /** Why, in the same order. */
  readonly reasons: string[] = [];
  readonly registry: Registry;
  private readonly folder = mkdtempSync(join(tmpdir(), 'understudy-chaos-'));
  private readonly started: CalculatorProcess[] = [];
  private readonly mutes: { readonly server: Server; readonly sockets: Set<Socket> }[] = [];
  private lines: readonly TcpProxy[] = [];
  private client: CalculatorClient | null = null;
  private understudy: Understudy | null = null;
  private running: MixedLoad | null = null;

  constructor(
    private readonly consulAddress: string,
    private readonly topology: Topology,
    private readonly options: StageOptions = {},
  ) {
    this.registry = openRegistry({ address: consulAddress }, {});
  }

  /** The latest process of the first calculator. */
  get victim(): CalculatorProcess {
    return this.started.findLast((one) => one.instance === VICTIM)!;
  }

  get target(): string {
    return `consul://${this.options.callersConsul ?? this.consulAddress}/${this.service}`;
  }

  get line(): TcpProxy {
    return this.lines[0]!;
  }

  get load(): MixedLoad {
    return this.running!;
  }

  /** Resolves when all three are known to the caller, and calls flow. */
  async begin(): Promise<void> {
    const servers = await Promise.all(NAMES.map((name) => this.startServer(name)));
    this.lines = await Promise.all(servers.map(({ port }) => TcpProxy.start(port)));
    for (const [place, { port }] of this.lines.entries()) {
      const id = NAMES[place]!;
      const tier = this.topology === 'tiers' ? place : 0;
      const member = instance(this.service, { id: `${this.service}/${id}`, port, tier });
      // Nobody beats here.
      await this.registry.register(registration(member, { ttlMs: 600_000 }));
    }
    // Slower than the defaults, since other tests crowd the machine: what is shown is that, not how fast.
    this.understudy = registerUnderstudy({
      services: [calculatorService],
      failbackHoldMs: 300,
      heartbeatMinTimeoutMs: 250,
      ejectionMs: 5_000,
      ...this.options.client,
    });
    for (const kind of ['failover', 'failback'] as const) {
      this.understudy.events.on(kind, ({ from, to, reason }) => {
        this.changes.push(`${kind} ${from ?? '-'}->${to}`);
        this.reasons.push(reason);
      });
    }
    this.client = new CalculatorClient(this.target, credentials.createInsecure(), this.understudy.channelOptions);
    this.running = new MixedLoad(this.client, this.service);
    await this.callsGoOn(75);
  }

  async callsGoOn(calls: number): Promise<void> {
    const goal = this.load.ended + calls;
    await until(() => this.load.ended >= goal, { what: `${calls} more calls to end`, timeoutMs: 20_000 });
  }

  /** At least this many unary calls in a row were answered, none of them by the victim. */
  async victimIsLeft(inARow = 60): Promise<void> {
    const { answeredBy } = this.load;
    await until(() => answeredBy.length >= inARow && !answeredBy.slice(-inARow).includes(VICTIM), {
      what: 'the victim to get no calls any more',
      timeoutMs: 20_000,
    });
  }

  async victimIsBack(): Promise<void> {
    await until(() => this.load.answeredBy.slice(-30).includes(VICTIM), {
      what: 'the victim to get calls again',
      timeoutMs: 20_000,
    });
  }

  startServer(name: string, port = 0): Promise<CalculatorProcess> {
    const args = ['--service-time-ms', String(SERVICE_TIME_MS)];
    return startCalculator({ instance: name, port, ledger: this.ledgerOf(name), allowFaults: true, args }).then(
      (one) => {
        this.started.push(one);
        return one;
      },
    );
  }

  async restartVictim(): Promise<void> {
    const { port, exited } = this.victim;
    await exited;
    await this.startServer(VICTIM, port);
  }

  /** Something listens at the victim's port, accepts connections, and never says a word. */
  async muteVictimsPort(): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
    this.mutes.push({ server, sockets });
    const { port, exited } = this.victim;
    await exited;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  }

  beat(health: 'passing' | 'critical', reason: string): Promise<void> {
    return this.registry.beat(`${this.service}/${VICTIM}`, health, reason);
  }

  /** Of what was done so far; to be asked when the load has stopped. */
  verdict(): LedgerVerdict {
    const executed = NAMES.flatMap((name) => readLedger(this.ledgerOf(name)).entries);
    return checkLedgers(this.load.wishes, executed);
  }

  async end(): Promise<void> {
    await this.running?.stop();
    this.client?.close();
    await this.understudy?.close();
    await this.registry.close();
    for (const server of this.started) server.signal('SIGCONT');
    for (const { server, sockets } of this.mutes) {
      server.close();
      for (const socket of sockets) socket.destroy();
    }
    await Promise.all([...this.lines.map((line) => line.stop()), ...this.started.map((server) => server.stop())]);
    rmSync(this.folder, { recursive: true });
  }

  private ledgerOf(name: string): string {
    return join(this.folder, `${name}.ledger`);
  }
}
