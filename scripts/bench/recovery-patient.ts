/**
 * One server as the child of an agent whose configuration is nothing but name, address, port and Consul's address, and
 * when the catalog turned to what. It harms the server when told to, and leaves it to the agent to bring it back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULTS } from '../../agent/config-defaults';
import type { Health } from '../../core/domain/health';
import { parseDuration } from '../../core/time/duration';
import type { CatalogEvent } from '../../registry/port';
import { startAgent, type AgentProcess } from '../chaos/agent-process';
import { until } from '../chaos/until';
import type { Cleanup } from '../quickstart/cleanup';
import { guardAgainstOwnDeath } from '../quickstart/processes';
import { firstAnswer } from './first-answer';
import type { Site } from './site';

export interface Recovery {
  readonly criticalMs: number;
  readonly startedMs: number;
  readonly answersMs: number;
  readonly passingMs: number;
}

/** From then on an agent takes the end of its server for the first one. */
const STABLE_MS = (parseDuration(DEFAULTS.restart.stableAfter) ?? 0) + 500;
const PROBE_EVERY_MS = parseDuration(DEFAULTS.probe.interval) ?? 0;
const LONGEST_MS = 60_000;

export class Patient {
  private readonly turns: { readonly health: Health; readonly atMs: number }[] = [];
  private launches = 1;

  private constructor(
    private readonly agent: AgentProcess,
    private readonly port: number,
  ) {}

  /** Resolves when the server is passing; `command` makes it listen on `port`. */
  static async admit(site: Site, port: number, command: readonly string[], cleanup: Cleanup): Promise<Patient> {
    const service = `recovery-${port}`;
    const services = [{ name: service, address: '127.0.0.1', port }];
    const agent = startAgent({ config: { registry: { address: site.consul.address }, services }, command });
    const standDown = guardAgainstOwnDeath([agent], site.folder);
    const watching = new AbortController();
    cleanup.add(async () => {
      watching.abort();
      await agent.stop();
      standDown();
    });
    const patient = new Patient(agent, port);
    void site.registry.watch({ service }, (event) => patient.onCatalog(event), watching.signal);
    await patient.turned('passing', 0);
    return patient;
  }

  /**
   * Waits until the server has run stably and for the share `phase` (0 to 1) of the time between two probes, sends it
   * `signal`, and resolves when the catalog says that it is back.
   */
  async strike(signal: 'SIGKILL' | 'SIGSTOP', phase: number): Promise<Recovery> {
    const { atMs } = await until(() => this.well(), { what: 'the server to be passing', timeoutMs: LONGEST_MS });
    await pause(Math.max(0, atMs + STABLE_MS + phase * PROBE_EVERY_MS - performance.now()));
    const pid = await this.agent.serverPid(this.launches);
    const seen = this.turns.length;
    const struckMs = performance.now();
    const struckUnixMs = Date.now();
    process.kill(pid, signal);
    const criticalMs = (await this.turned('critical', seen)) - struckMs;
    this.launches += 1;
    const startedMs = (await this.launchedUnixMs()) - struckUnixMs;
    const answersMs = (await firstAnswer(this.port)) - struckMs;
    const passingMs = (await this.turned('passing', this.turns.findLastIndex(isCritical))) - struckMs;
    return { criticalMs, startedMs, answersMs, passingMs };
  }

  /** @returns when the catalog turned to it, after its first `seen` turns */
  private async turned(health: Health, seen: number): Promise<number> {
    const turn = await until(() => this.turns.slice(seen).find((one) => one.health === health), {
      what: `the server to be ${health}`,
      timeoutMs: LONGEST_MS,
    });
    return turn.atMs;
  }

  private well(): { readonly atMs: number } | undefined {
    const last = this.turns.at(-1);
    return last?.health === 'passing' ? last : undefined;
  }

  /** By the agent's own stamp, of the machine's clock. */
  private async launchedUnixMs(): Promise<number> {
    const pid = await this.agent.serverPid(this.launches);
    const { timestamp } = await this.agent.said(`server process ${pid} started`);
    return Date.parse(String(timestamp));
  }

  private onCatalog(event: CatalogEvent): void {
    const atMs = performance.now();
    const health = event.type === 'snapshot' ? event.snapshot.instances[0]?.health : undefined;
    if (health !== undefined && health !== this.turns.at(-1)?.health) this.turns.push({ health, atMs });
  }
}

const isCritical = ({ health }: { readonly health: Health }): boolean => health === 'critical';
