/**
 * Puts a world together from a seed and a shape: machines with agents and servers, callers, a network, a Consul, and those who
 * watch over all of it. It starts them, plays the faults, and takes down what happens.
 */
import { parseClientOptions } from '../client/options';
import type { Health } from '../core/domain/health';
import { AgentHost } from './agent-host';
import { applyFault } from './apply-fault';
import { Caller } from './caller';
import { SimConsul } from './consul';
import { Engine } from './engine';
import { callerName, describeFault, instanceName, type Fault, type Schedule } from './faults';
import { INVARIANTS } from './invariants/all';
import { broadcast } from './broadcast';
import { Network } from './network';
import { Random } from './random';
import { SimServer } from './server';
import { serviceConfig } from './service-config';
import { Trace } from './trace';
import { Truth } from './truth';
import type { WorldListener } from './world-listener';

const SERVICE = 'work';
const CLIENT = parseClientOptions({});
const LOAD = { everyMs: 100, safeShare: 0.7, deadlineMs: 3_000 };

export class World {
  readonly engine = new Engine();
  readonly trace = new Trace(this.engine);
  readonly consul = new SimConsul(this.engine, SERVICE);
  readonly hosts = new Map<string, AgentHost>();
  readonly callers = new Map<string, Caller>();
  readonly truth: Truth;
  readonly violations: string[] = [];
  readonly listener: WorldListener;
  readonly watchers: Partial<WorldListener>[];
  private readonly random: Random;
  private readonly network: Network;
  private calls = 0;

  constructor(
    seed: number,
    readonly schedule: Schedule,
  ) {
    this.random = new Random(seed).fork(1);
    this.network = new Network(this.engine, this.random.fork(2));
    this.truth = new Truth(this.engine, this.consul, this.hosts, CLIENT.everybodySilentMs);
    this.watchers = [this.truth, this.trace];
    this.listener = broadcast(this.watchers);
    const servers = this.buildHosts();
    for (let index = 0; index < schedule.shape.callers; index += 1) this.buildCaller(callerName(index), servers, index);
    this.buildInvariants();
  }

  start(): void {
    for (const host of this.hosts.values()) host.start();
    for (const caller of this.callers.values()) caller.start(LOAD);
    for (const fault of this.schedule.faults) this.engine.at(fault.atMs, () => this.apply(fault));
  }

  /** Up to `endMs`, or to the first violation, or until `enough`. */
  run(endMs: number, enough: () => boolean): Promise<void> {
    return this.engine.run(endMs, () => {
      this.listener.onStep();
      return this.violations.length > 0 || enough();
    });
  }

  stop(): void {
    for (const caller of this.callers.values()) caller.stop();
    for (const host of this.hosts.values()) host.kill();
  }

  tierOf(instance: string): number {
    return this.hosts.get(instance)?.config.instance.tier ?? 0;
  }

  private apply(fault: Fault): void {
    const { engine, network, consul, random, hosts, callers } = this;
    this.trace.say(`fault ${describeFault(fault)}`);
    // First the news, then the deed: what follows at once has its cause.
    this.listener.onFault(fault, engine.nowMs);
    const lastsMs = applyFault(fault, { engine, network, consul, random, hosts, callers });
    this.listener.onFault(fault, engine.nowMs + lastsMs);
  }

  private buildHosts(): ReadonlyMap<string, SimServer> {
    const { engine, network, consul, listener } = this;
    const servers = new Map<string, SimServer>();
    for (const [index, tier] of this.schedule.shape.tiers.entries()) {
      const id = instanceName(index);
      const server = new SimServer(id, engine, this.random.fork(100 + index), (done) => listener.onExecution(done));
      server.onEnd = () => listener.onServerEnd(id);
      servers.set(id, server);
      const host = new AgentHost(serviceConfig(SERVICE, id, tier), server, {
        ...{ engine, network, consul, random: this.random.fork(200 + index), say: (line) => this.trace.say(line) },
        onSignal: ({ id: instance }, signal) => listener.onSignal(instance, signal),
        onLaunch: ({ id: instance }) => listener.onLaunch(instance),
      });
      this.hosts.set(id, host);
    }
    return servers;
  }

  private buildCaller(id: string, servers: ReadonlyMap<string, SimServer>, index: number): void {
    const { engine, network, consul, listener } = this;
    const random = this.random.fork(300 + index);
    const nextCallId = (): number => (this.calls += 1);
    const ports = { engine, network, consul, random, servers, options: CLIENT, listener, nextCallId };
    this.callers.set(id, new Caller(id, SERVICE, ports));
  }

  private buildInvariants(): void {
    const { restart, guard } = serviceConfig(SERVICE, '', 0);
    for (const [name, invariant] of Object.entries(INVARIANTS)) {
      const violate = (sentence: string): void => {
        this.trace.say(`VIOLATION ${name}: ${sentence}`);
        this.violations.push(`${name}: at ${Math.round(this.engine.nowMs)} ms ${sentence}`);
      };
      const tierOf = (instance: string): number => this.tierOf(instance);
      const healthOf = (instance: string): Health | undefined => this.consul.healthOf(instance);
      const promised = { options: CLIENT, restart, recoveryAtOnce: guard.atOnce };
      const ports = { truth: this.truth, ...promised, tierOf, healthOf, violate };
      this.watchers.push(invariant(ports));
    }
  }
}
