/**
 * What is true of the world, whatever anybody in it believes: who was ill, cut off or stopped, and when last. The invariants
 * judge by it. It is told of faults, and looks at the servers after every event, so nothing escapes it.
 */
import type { AgentHost } from './agent-host';
import type { SimConsul } from './consul';
import { CONSUL } from './consul-access';
import type { Engine } from './engine';
import type { Fault } from './faults';
import type { WorldListener } from './world-listener';

/** TCP and its backoff need this long to find out that a link works again. */
const LINK_AFTERMATH_MS = 1_500;

export class Truth implements Pick<WorldListener, 'onFault' | 'onStep' | 'onView' | 'onConnection'> {
  private readonly unwellMs = new Map<string, number>();
  private readonly goneSinceMs = new Map<string, number>();
  private readonly troubledUntilMs = new Map<string, number>();
  private readonly readySinceMs = new Map<string, number>();
  private readonly listedSinceMs = new Map<string, number>();
  /** When the last fault ends. */
  quietFromMs = 0;

  constructor(
    private readonly engine: Engine,
    private readonly consul: SimConsul,
    readonly hosts: ReadonlyMap<string, AgentHost>,
  ) {}

  get nowMs(): number {
    return this.engine.nowMs;
  }

  readonly onFault = (fault: Fault, untilMs: number): void => {
    const { target, peer } = fault;
    this.quietFromMs = Math.max(this.quietFromMs, untilMs);
    if (target === '') this.trouble(CONSUL, untilMs);
    else if (peer === '') this.trouble(target, untilMs);
    else this.trouble(linkOf(target, peer), untilMs + LINK_AFTERMATH_MS);
  };

  readonly onStep = (): void => {
    for (const [id, { server }] of this.hosts) {
      if (!server.isWell) this.unwellMs.set(id, this.engine.nowMs);
      const isGone = !server.isUp || server.isDark || server.mode === 'hung';
      if (!isGone && server.isServing) this.goneSinceMs.delete(id);
      else if (!this.goneSinceMs.has(id)) this.goneSinceMs.set(id, this.engine.nowMs);
    }
  };

  readonly onView: WorldListener['onView'] = (caller, entries) => {
    const serving = new Set(entries.filter(({ health }) => health === 'passing').map(({ id }) => id));
    for (const id of this.hosts.keys()) {
      const key = linkOf(caller, id);
      if (!serving.has(id)) this.listedSinceMs.delete(key);
      else if (!this.listedSinceMs.has(key)) this.listedSinceMs.set(key, this.engine.nowMs);
    }
  };

  readonly onConnection: WorldListener['onConnection'] = (caller, server, isReady) => {
    if (isReady) this.readySinceMs.set(linkOf(caller, server), this.engine.nowMs);
    else this.readySinceMs.delete(linkOf(caller, server));
  };

  /** The server has answered everything well and soon since then, and its caller could reach it and has listed it. */
  wasGoodSince(caller: string, server: string, sinceMs: number): boolean {
    const link = linkOf(caller, server);
    return (
      this.serverWellSince(server, sinceMs) &&
      this.untroubledSince(link, sinceMs) &&
      this.untroubledSince(caller, sinceMs) &&
      (this.readySinceMs.get(link) ?? Infinity) <= sinceMs &&
      (this.listedSinceMs.get(link) ?? Infinity) <= sinceMs
    );
  }

  /** For how long it has answered neither calls nor health checks well, ms. */
  goneForMs(server: string): number {
    return this.engine.nowMs - (this.goneSinceMs.get(server) ?? Infinity);
  }

  /** Nothing was wrong with this machine's agent itself since then. */
  agentWellSince(instance: string, sinceMs: number): boolean {
    return this.hosts.get(instance)?.isRunning === true && this.guardedSince(instance, sinceMs);
  }

  isConnected(caller: string, server: string): boolean {
    return this.readySinceMs.has(linkOf(caller, server));
  }

  serverWellSince(server: string, sinceMs: number): boolean {
    return (this.unwellMs.get(server) ?? -Infinity) < sinceMs;
  }

  /** Nothing was wrong between this machine's agent and Consul since then. */
  guardedSince(instance: string, sinceMs: number): boolean {
    return (
      this.untroubledSince(instance, sinceMs) &&
      this.untroubledSince(CONSUL, sinceMs) &&
      this.untroubledSince(linkOf(instance, CONSUL), sinceMs) &&
      this.consul.lastTroubleMs < sinceMs
    );
  }

  /** Anything at all that can have moved this caller away from this server. */
  hadTroubleSince(caller: string, server: string, sinceMs: number): boolean {
    const places = [server, caller, CONSUL, linkOf(caller, server), linkOf(caller, CONSUL), linkOf(server, CONSUL)];
    return !this.serverWellSince(server, sinceMs) || places.some((place) => !this.untroubledSince(place, sinceMs));
  }

  private trouble(place: string, untilMs: number): void {
    this.troubledUntilMs.set(place, Math.max(this.troubledUntilMs.get(place) ?? 0, untilMs));
  }

  private untroubledSince(place: string, sinceMs: number): boolean {
    return (this.troubledUntilMs.get(place) ?? -Infinity) < sinceMs;
  }
}

/** The same for both directions. */
function linkOf(one: string, other: string): string {
  return one < other ? `${one} - ${other}` : `${other} - ${one}`;
}
