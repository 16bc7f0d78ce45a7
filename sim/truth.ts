/**
 * What is true of the world, whatever anybody in it believes: who was ill, cut off or stopped, and when last. The invariants
 * judge by it. It is told of faults, and looks at the servers after every event, so nothing escapes it.
 */
import type { AgentHost } from './agent-host';
import type { SimConsul } from './consul';
import { CONSUL } from './consul-access';
import type { Engine } from './engine';
import type { Fault, FaultKind } from './faults';
import type { WorldListener } from './world-listener';

/** TCP and its backoff need this long to find out that a link works again. */
const LINK_AFTERMATH_MS = 1_500;
/** They meet the server alone: its agent goes on, and is held to what it promises. */
const OF_SERVERS: readonly FaultKind[] = ['kill', 'crash-loop', 'hang', 'sick', 'half', 'slow', 'refuse'];

export class Truth implements Pick<WorldListener, 'onFault' | 'onStep' | 'onView' | 'onConnection'> {
  private readonly unwellMs = new Map<string, number>();
  /** Since when those who are ill now have been. */
  private readonly illness = new Map<string, number>();
  private readonly illForMs = new Map<string, number>();
  private readonly goneSinceMs = new Map<string, number>();
  private readonly troubledUntilMs = new Map<string, number>();
  private readonly agentTroubledUntilMs = new Map<string, number>();
  private readonly cutOff = new Map<string, { readonly sinceMs: number; readonly untilMs: number }>();
  private readonly readySinceMs = new Map<string, number>();
  private readonly listedSinceMs = new Map<string, number>();
  /** When the last fault ends. */
  quietFromMs = 0;

  constructor(
    private readonly engine: Engine,
    private readonly consul: SimConsul,
    readonly hosts: ReadonlyMap<string, AgentHost>,
    /** So long a caller that hears nobody accuses nobody. */
    private readonly patienceMs: number,
  ) {}

  get nowMs(): number {
    return this.engine.nowMs;
  }

  readonly onFault = (fault: Fault, untilMs: number): void => {
    const { kind, target, peer } = fault;
    this.quietFromMs = Math.max(this.quietFromMs, untilMs);
    if (kind === 'shared' || kind === 'shared-hang') for (const id of this.hosts.keys()) this.trouble(id, untilMs);
    else if (kind === 'caller-cut') this.cut(target, untilMs);
    else if (target === '') this.trouble(CONSUL, untilMs);
    else if (peer === '') {
      this.trouble(target, untilMs);
      if (!OF_SERVERS.includes(kind)) later(this.agentTroubledUntilMs, target, untilMs);
    } else this.trouble(linkOf(target, peer), untilMs + LINK_AFTERMATH_MS);
  };

  readonly onStep = (): void => {
    for (const [id, { server }] of this.hosts) {
      if (server.isWell) this.illness.delete(id);
      else {
        this.unwellMs.set(id, this.engine.nowMs);
        if (!this.illness.has(id)) this.illness.set(id, this.engine.nowMs);
        this.illForMs.set(id, this.engine.nowMs - (this.illness.get(id) ?? 0));
      }
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
      (this.cutOff.get(caller)?.untilMs ?? -Infinity) + LINK_AFTERMATH_MS < sinceMs &&
      (this.readySinceMs.get(link) ?? Infinity) <= sinceMs &&
      (this.listedSinceMs.get(link) ?? Infinity) <= sinceMs
    );
  }

  /** How long its last illness was, ms; 0 when it never was ill. */
  lastIllnessMs(server: string): number {
    return this.illForMs.get(server) ?? 0;
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
      (this.agentTroubledUntilMs.get(instance) ?? -Infinity) < sinceMs &&
      this.untroubledSince(CONSUL, sinceMs) &&
      this.untroubledSince(linkOf(instance, CONSUL), sinceMs) &&
      this.consul.lastTroubleMs < sinceMs
    );
  }

  /** Anything at all that can have moved this caller away from this server. */
  hadTroubleSince(caller: string, server: string, sinceMs: number): boolean {
    const places = [server, caller, CONSUL, linkOf(caller, server), linkOf(caller, CONSUL), linkOf(server, CONSUL)];
    return (
      !this.serverWellSince(server, sinceMs) ||
      places.some((place) => !this.untroubledSince(place, sinceMs)) ||
      this.cutForLong(caller, sinceMs)
    );
  }

  /** While all servers are silent, that is evidence against none of them before the caller's patience is over. */
  private cutForLong(caller: string, sinceMs: number): boolean {
    const cut = this.cutOff.get(caller);
    if (cut === undefined || cut.untilMs + LINK_AFTERMATH_MS < sinceMs) return false;
    // Afterwards TCP brings the servers back one after the other.
    return this.nowMs > cut.untilMs || this.nowMs - cut.sinceMs >= this.patienceMs;
  }

  private cut(caller: string, untilMs: number): void {
    const before = this.cutOff.get(caller);
    const goesOn = before !== undefined && before.untilMs >= this.nowMs;
    this.cutOff.set(
      caller,
      goesOn ? { ...before, untilMs: Math.max(before.untilMs, untilMs) } : { sinceMs: this.nowMs, untilMs },
    );
  }

  private trouble(place: string, untilMs: number): void {
    later(this.troubledUntilMs, place, untilMs);
  }

  private untroubledSince(place: string, sinceMs: number): boolean {
    return (this.troubledUntilMs.get(place) ?? -Infinity) < sinceMs;
  }
}

function later(untilMs: Map<string, number>, place: string, atMs: number): void {
  untilMs.set(place, Math.max(untilMs.get(place) ?? 0, atMs));
}

/** The same for both directions. */
function linkOf(one: string, other: string): string {
  return one < other ? `${one} - ${other}` : `${other} - ${one}`;
}
