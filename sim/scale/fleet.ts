/**
 * A fleet of many services, each with its real agents, and of many clients that call some of them, on one simulated clock and
 * network. It starts them and takes down what happens; it breaks nothing by itself.
 */
import { parseClientOptions } from '../../client/options';
import { AgentHost } from '../agent-host';
import { broadcast } from '../broadcast';
import { Caller } from '../caller';
import { SimConsul } from '../consul';
import type { Engine } from '../engine';
import { Network } from '../network';
import { Random } from '../random';
import { SimServer } from '../server';
import { serviceConfig } from '../service-config';
import type { WorldListener } from '../world-listener';

export interface FleetShape {
  readonly instances: number;
  readonly clients: number;
}

export interface Member {
  readonly service: string;
  readonly host: AgentHost;
}

const OPTIONS = parseClientOptions({});
/** Of ten instances of a service. */
const TIERS = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2] as const;
export const PER_SERVICE = TIERS.length;
/** How many services a client calls. */
const WATCHES = [1, 1, 2, 3] as const;
/** Of each client to each of its services. */
const LOAD = { everyMs: 1_000, safeShare: 0.7, deadlineMs: 3_000 };
/** A fleet is never started all at once, and clients find it there. */
const AGENTS_START_MS = [0, 2_000] as const;
const CLIENTS_START_MS = [3_500, 5_000] as const;

export class Fleet {
  readonly random: Random;
  /** By id of the instance. */
  readonly members = new Map<string, Member>();
  /** Ids of the instances of each service. */
  readonly services = new Map<string, readonly string[]>();
  /** Each has its own index, as in Consul. */
  readonly catalogs = new Map<string, SimConsul>();
  onServerStart: (instance: string) => void = () => undefined;
  private readonly callers: Caller[] = [];
  private readonly servers = new Map<string, SimServer>();
  private readonly network: Network;
  private readonly listener: WorldListener;
  private calls = 0;

  constructor(
    readonly engine: Engine,
    seed: number,
    readonly shape: FleetShape,
    listener: Partial<WorldListener>,
  ) {
    this.random = new Random(seed).fork(1);
    this.network = new Network(this.engine, this.random.fork(2));
    this.listener = broadcast([listener]);
    for (let at = 0; at < shape.instances; at += PER_SERVICE) this.buildService(at / PER_SERVICE);
    for (let at = 0; at < shape.clients; at += 1) this.buildClient(at);
  }

  /** One for each client and each of its services. */
  get watches(): number {
    return this.callers.length;
  }

  start(): void {
    const { engine, random } = this;
    for (const { host } of this.members.values()) engine.at(random.between(...AGENTS_START_MS), () => host.start());
    for (const caller of this.callers) engine.at(random.between(...CLIENTS_START_MS), () => caller.start(LOAD));
  }

  stop(): void {
    for (const caller of this.callers) caller.stop();
    for (const { host } of this.members.values()) host.kill();
  }

  private buildService(number: number): void {
    const service = `service-${number + 1}`;
    const consul = new SimConsul(this.engine, service);
    const count = Math.min(PER_SERVICE, this.shape.instances - number * PER_SERVICE);
    const ids = Array.from({ length: count }, (_, place) => `${service}/${place + 1}`);
    this.catalogs.set(service, consul);
    this.services.set(service, ids);
    for (const [place, id] of ids.entries()) this.buildMember(id, service, TIERS[place] ?? 0, consul);
  }

  private buildMember(id: string, service: string, tier: number, consul: SimConsul): void {
    const { engine, network, random } = this;
    const salt = 1_000 + 2 * this.members.size;
    const server = new SimServer(id, engine, random.fork(salt), () => undefined);
    server.onStart = () => this.onServerStart(id);
    const ignore = (): void => undefined;
    const ports = { engine, network, consul, random: random.fork(salt + 1) };
    const silent = { say: ignore, onSignal: ignore, onLaunch: ignore };
    const host = new AgentHost(serviceConfig(service, id, tier), server, { ...ports, ...silent });
    this.servers.set(id, server);
    this.members.set(id, { service, host });
  }

  private buildClient(number: number): void {
    const { engine, network, random, servers, listener } = this;
    const own = random.fork(1_000_000 + number);
    const services = [...this.services.keys()];
    const wanted = new Set(Array.from({ length: own.pick(WATCHES) }, () => own.int(0, services.length - 1)));
    for (const at of wanted) {
      const service = services[at] ?? '';
      const consul = this.catalogs.get(service);
      if (consul === undefined) continue;
      const id = `client-${number + 1} of ${service}`;
      const nextCallId = (): number => (this.calls += 1);
      const ports = { engine, network, consul, random: own.fork(at), servers, options: OPTIONS, listener, nextCallId };
      this.callers.push(new Caller(id, service, ports));
    }
  }
}
