/**
 * What a row plays on: a real Consul, or three, a primary and two backups, and one caller under load of every kind. It
 * knows nothing of what will be done to them, and leaves nothing behind.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { readLedger } from '../../calculator/ledger';
import { CalculatorClient } from '../../proto/calculator';
import { openRegistry } from '../../registry/factory';
import type { Registry } from '../../registry/port';
import { startDevConsul, type ConsulProcess } from '../consul/dev-consul';
import { freePorts } from '../consul/free-ports';
import { Cleanup } from '../quickstart/cleanup';
import { startCaller, type Caller } from './caller';
import { add } from './calls';
import { ConsulCluster, type ConsulBinary } from './consul-cluster';
import type { Figures } from './figures';
import { checkLedgers } from './ledger-check';
import type { MixedLoad } from './mixed-load';
import { AgentNode, HandNode, ledgerOf, type NodePlan } from './node';
import { TcpProxy } from './tcp-proxy';
import { until } from './until';

export interface SceneOptions {
  /** `agents`: each server is the child of an agent; `hand`: registered once, behind a line that can be harmed. */
  readonly kept: 'agents' | 'hand';
  /** `three`: a cluster of servers, and an agent in client mode that ours speak to. */
  readonly consul: 'one' | 'three';
  /** The primary's files lie on a disk of one megabyte. */
  readonly smallDisk?: true;
}

export const SIZE = 3;
const READY_MS = 40_000;
const RECOVERY_MS = 90_000;
/** Of the last unary answers so many must be the primary's: now and then a hedge wins on a backup. */
const LAST = 30;
const MOST = 24;

let scenes = 0;

export class Scene {
  readonly service = `calculator-${(scenes += 1)}`;
  /** `failover 0->1: reason`, in order. */
  readonly changes: string[] = [];
  private readonly cleanup = new Cleanup();
  private nodes: readonly (AgentNode | HandNode)[] = [];
  private single: ConsulProcess | null = null;
  private several: ConsulCluster | null = null;
  private registry: Registry | null = null;
  private consulLine: TcpProxy | null = null;
  private caller: Caller | null = null;
  private fromMs: number | null = null;
  private flooded = 0;
  private readonly floodLost: string[] = [];

  constructor(
    private readonly options: SceneOptions,
    private readonly binary: ConsulBinary,
  ) {}

  /** Resolves when calls are answered by the primary, and all three are passing. */
  async begin(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'understudy-chaos-'));
    this.cleanup.add(() => rm(folder, { recursive: true, force: true }));
    const address = await this.startConsul();
    const registry = openRegistry({ address }, {});
    this.cleanup.add(() => registry.close());
    this.registry = registry;
    const ports = await freePorts(SIZE);
    const plans = ports.map((port, tier): NodePlan => {
      const id = `node-${tier + 1}`;
      return { service: this.service, id, tier, port, folder: join(folder, id) };
    });
    await Promise.all(plans.map((plan) => mkdir(plan.folder)));
    if (this.options.smallDisk) this.mountFor(plans[0]);
    await this.startNodes(plans, address, registry);
    await until(() => this.allPassing(), { what: 'all three to be passing', timeoutMs: READY_MS });
    this.consulLine = await TcpProxy.start(Number(address.split(':')[1]));
    this.cleanup.add(() => this.consulLine?.stop());
    const target = `consul://127.0.0.1:${this.consulLine.port}/${this.service}`;
    const caller = startCaller(target, this.service, (change) => this.changes.push(change));
    this.cleanup.add(() => caller.stop());
    this.caller = caller;
    await until(() => this.primaryAnswers(), { what: 'the primary to answer', timeoutMs: READY_MS });
  }

  /** The moment of the fault: from here on gaps and recovery are measured. */
  strike(): void {
    this.load.watchGap();
    this.changes.length = 0;
    this.fromMs = performance.now();
  }

  /** The moment when the fault is ended from the outside: recovery counts from here. */
  heal(): void {
    this.fromMs = performance.now();
  }

  get load(): MixedLoad {
    return must(this.caller, 'a caller').load;
  }

  get client(): CalculatorClient {
    return must(this.caller, 'a caller').client;
  }

  get consul(): ConsulProcess {
    if (this.single === null) throw new Error('this scene has three Consul servers');
    return this.single;
  }

  get cluster(): ConsulCluster {
    if (this.several === null) throw new Error('this scene has one Consul');
    return this.several;
  }

  /** Between the caller and Consul. */
  get callersConsul(): TcpProxy {
    return must(this.consulLine, 'a caller');
  }

  node(tier: number): AgentNode | HandNode {
    return must(this.nodes[tier], `tier ${tier}`);
  }

  kept(tier: number): AgentNode {
    const node = this.node(tier);
    if (node instanceof AgentNode) return node;
    throw new Error('this scene has no agents');
  }

  byHand(tier: number): HandNode {
    const node = this.node(tier);
    if (node instanceof HandNode) return node;
    throw new Error('this scene has agents');
  }

  async callsGoOn(calls: number): Promise<void> {
    const goal = this.load.ended + calls;
    await until(() => this.load.ended >= goal, { what: `${calls} more calls to end`, timeoutMs: READY_MS });
  }

  /** Calls go on for so long. */
  async lasts(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  async primaryIsLeft(): Promise<void> {
    const { answeredBy } = this.load;
    const from = answeredBy.length;
    await until(() => answeredBy.length >= from + LAST && !answeredBy.slice(-LAST).includes('node-1'), {
      what: 'the calls to leave the primary',
      timeoutMs: READY_MS,
    });
  }

  primaryAnswers(): boolean {
    const last = this.load.answeredBy.slice(-LAST);
    return last.length === LAST && last.filter((by) => by === 'node-1').length >= MOST;
  }

  async healthOf(tier: number): Promise<string> {
    const { instances } = await must(this.registry, 'a registry').snapshot({ service: this.service });
    return instances.find((one) => one.tier === tier)?.health ?? 'missing';
  }

  async allPassing(): Promise<boolean> {
    const { instances } = await must(this.registry, 'a registry').snapshot({ service: this.service });
    return instances.length === SIZE && instances.every(({ health }) => health === 'passing');
  }

  /**
   * All passing, and calls where they belong.
   * @param heldMs for how long the client may keep them elsewhere, on purpose
   * @returns since the fault or its end, ms; null: not within a minute and a half beyond that
   */
  async recovered(heldMs = 0): Promise<number | null> {
    const from = this.load.answeredBy.length;
    return this.waitFor(
      async () => this.load.answeredBy.length >= from + LAST && this.primaryAnswers() && (await this.allPassing()),
      this.fromMs ?? performance.now(),
      RECOVERY_MS + heldMs,
    );
  }

  /** All passing, wherever the calls go. @returns ms from now; null: not within a minute and a half */
  whole(): Promise<number | null> {
    return this.waitFor(() => this.allPassing(), performance.now(), RECOVERY_MS);
  }

  /** Ends the load and adds up. @param justified failovers that the fault is a reason for */
  async figures(justified: number, recoveredMs: number | null): Promise<Figures> {
    const { load } = this;
    const gapMs = Math.round(load.gapMs);
    await load.stop();
    const files = this.nodes.map(({ plan }) => ledgerOf(plan)).filter((file) => existsSync(file));
    const verdict = checkLedgers(
      load.wishes,
      files.flatMap((file) => readLedger(file).entries),
    );
    const lost = [...load.lostSafe, ...load.lostStreams, ...this.floodLost];
    const failovers = this.changes.filter((change) => change.startsWith('failover')).length;
    return {
      calls: load.started + this.flooded,
      lostSafe: lost.length,
      unsafeFailed: load.failedUnsafe.length,
      executedTwice: verdict.executedTwice.length,
      acknowledgedButLost: verdict.acknowledgedButLost.length,
      failovers,
      falseFailovers: Math.max(0, failovers - justified),
      gapMs,
      recoveredMs,
      failures: [...new Set(lost)].slice(0, 5),
    };
  }

  /** So many safe calls each second, beside the load, for so long; resolves when all have ended. */
  async flood(perSecond: number, lastsMs: number): Promise<void> {
    const beganMs = performance.now();
    const calls: Promise<unknown>[] = [];
    for (let sinceMs = 0; sinceMs < lastsMs; sinceMs = performance.now() - beganMs) {
      while (calls.length < (sinceMs / 1_000) * perSecond)
        calls.push(add(this.client).catch((error: unknown) => this.floodLost.push(String(error))));
      await this.lasts(1);
    }
    await Promise.all(calls);
    this.flooded += calls.length;
  }

  /** To one server, past the balancing; the asker closes it. */
  directClient(port: number): CalculatorClient {
    return new CalculatorClient(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  /** To be undone at the end, before what the scene itself is made of. */
  onEnd(undo: () => void | Promise<void>): void {
    this.cleanup.add(undo);
  }

  /** Idempotent. */
  end(): Promise<void> {
    return this.cleanup.run();
  }

  private async waitFor(condition: () => Promise<boolean>, fromMs: number, withinMs: number): Promise<number | null> {
    try {
      await until(condition, { what: 'all to be well', timeoutMs: withinMs, everyMs: 25 });
      return Math.round(performance.now() - fromMs);
    } catch {
      return null;
    }
  }

  private async startConsul(): Promise<string> {
    if (this.options.consul === 'three') {
      const cluster = await ConsulCluster.start(this.binary);
      this.cleanup.add(() => cluster.stop());
      this.several = cluster;
      return cluster.address;
    }
    const consul = await startDevConsul({ binary: this.binary });
    this.cleanup.add(() => consul.stop());
    this.single = consul;
    return consul.address;
  }

  private mountFor(plan: NodePlan | undefined): void {
    const { folder } = must(plan, 'a primary');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
    this.cleanup.add(() => {
      execFileSync('umount', [folder]);
    });
  }

  private async startNodes(plans: readonly NodePlan[], address: string, registry: Registry): Promise<void> {
    const started: (AgentNode | HandNode)[] = [];
    // Registered first: an interrupted start must leave nothing either.
    this.cleanup.add(async () => {
      await Promise.all(started.map((node) => node.end()));
    });
    for (const plan of plans) {
      if (this.options.kept === 'agents') {
        const node = new AgentNode(plan, address);
        started.push(node);
        node.startAgent();
      } else started.push(await HandNode.start(plan, registry));
    }
    this.nodes = started;
  }
}

function must<T>(part: T | null | undefined, what: string): T {
  if (part === null || part === undefined) throw new Error(`this scene does not have ${what} yet`);
  return part;
}
