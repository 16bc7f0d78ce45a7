/**
 * The endpoints of one channel: takes each view of the catalog in, keeps a connection for whoever is needed, and has core
 * judge each of them. It neither chooses nor publishes.
 */
import type { Candidate, TierDecision } from '../core/decide/failover';
import { judge, type EndpointFacts } from '../core/detect/fitness';
import { nextPresence, type Presence } from '../core/detect/presence';
import { hostPort, type CatalogEntry } from '../core/domain/instance';
import type { EndpointMove } from '../core/domain/move';
import { orderedTier } from '../core/domain/order';
import type { ChannelContext } from './channel-context';
import { EndpointConnection, type EndpointPorts } from './endpoint-connection';

export interface Judged {
  readonly endpoint: EndpointConnection;
  readonly candidate: Candidate;
  /** Since when it has had this fitness, ms of the clock. */
  readonly sinceMs: number;
  readonly presence: Presence;
}

export interface EndpointListener {
  /** Something changed: judge again. */
  onChange(): void;
  /** An endpoint has another fitness than before. */
  onEndpoint(candidate: Candidate): void;
  /** One that was fit is so no more, or is so again. */
  onMove(move: EndpointMove): void;
}

export interface Judgements {
  /** Best tier first. */
  readonly all: readonly Judged[];
  /** Judge again then, even if nothing happens; Infinity: only on news. */
  readonly wakeAtMs: number;
}

export class EndpointSet {
  private readonly endpoints = new Map<string, EndpointConnection>();
  private readonly presences = new Map<string, Presence>();
  private readonly last = new Map<string, { readonly fitness: Candidate['fitness']; readonly sinceMs: number }>();

  /** Somebody is silent: each sign of life of another counts. */
  private comparing = false;

  constructor(
    private readonly createSubchannel: EndpointPorts['createSubchannel'],
    private readonly listener: EndpointListener,
  ) {}

  get isEmpty(): boolean {
    return this.endpoints.size === 0;
  }

  take(entries: readonly CatalogEntry[], context: ChannelContext): void {
    const nowMs = context.clock.nowMs();
    const listed = new Map(entries.map((entry) => [entry.id, entry]));
    const places = new Set(entries.map(hostPort));
    for (const [id, endpoint] of this.endpoints) {
      const entry = listed.get(id);
      if (entry !== undefined && endpoint.isAt(entry)) endpoint.listed(entry);
      else if (entry !== undefined || places.has(hostPort(endpoint.entry))) this.remove(id, endpoint);
      else endpoint.unlisted(nowMs);
    }
    for (const entry of entries) {
      if (!this.endpoints.has(entry.id)) this.endpoints.set(entry.id, this.connectionTo(entry, context));
    }
  }

  judge(nowMs: number, { order, options: { missingGraceMs } }: ChannelContext): Judgements {
    const all: Judged[] = [];
    this.comparing = false;
    let wakeAtMs = Infinity;
    for (const [id, endpoint] of this.endpoints) {
      const compared = this.factsOf(endpoint, nowMs);
      const { facts } = compared;
      const { fitness, reason } = judge(facts, missingGraceMs);
      const candidate = { id, tier: orderedTier(endpoint.entry, order), fitness, reason };
      const presence = this.presenceOf(endpoint, candidate, nowMs);
      const answers = facts.connection === 'ready' && fitness !== 'unfit' && fitness !== 'desperate';
      // Not listed and not answering: gone.
      if (facts.missingForMs !== null && !answers) {
        this.remove(id, endpoint);
        this.presences.delete(id);
        continue;
      }
      all.push({ endpoint, candidate, sinceMs: this.sinceOf(candidate, nowMs), presence });
      wakeAtMs = Math.min(wakeAtMs, compared.wakeAtMs, graceEndMs(facts, nowMs, missingGraceMs));
    }
    return { all: all.sort((a, b) => a.candidate.tier - b.candidate.tier), wakeAtMs };
  }

  /** The active tier, all better ones, and the next one, which is kept warm; everybody when nobody answers. */
  connectWhatIsNeeded(judged: readonly Judged[], decision: TierDecision): void {
    const tiers = [...new Set(judged.map((one) => one.candidate.tier))];
    const active = decision.state.activeTier;
    const nextTier = tiers.find((tier) => tier > (active ?? tiers[0] ?? 0)) ?? Infinity;
    const wanted = judged.filter((one) => one.candidate.tier <= nextTier);
    const promising = wanted.some(({ candidate }) => candidate.fitness === 'fit' || candidate.fitness === 'pending');
    for (const { endpoint } of promising ? wanted : judged) endpoint.connect();
  }

  stop(): void {
    for (const endpoint of this.endpoints.values()) endpoint.stop();
    this.endpoints.clear();
  }

  private connectionTo(entry: CatalogEntry, { clock, options, safety }: ChannelContext): EndpointConnection {
    const { createSubchannel, listener } = this;
    const onChange = (): void => listener.onChange();
    const onDoubt = (): void => this.askEverybody();
    // Not each time: with many endpoints that would be a judgement of all for each heartbeat of each.
    const onLife = (): void => {
      if (this.comparing) onChange();
    };
    return new EndpointConnection(entry, { clock, options, safety, onChange, onLife, onDoubt, createSubchannel });
  }

  private askEverybody(): void {
    for (const endpoint of this.endpoints.values()) endpoint.vitals.heartbeat();
  }

  private remove(id: string, endpoint: EndpointConnection): void {
    endpoint.stop();
    this.endpoints.delete(id);
    this.last.delete(id);
  }

  private sinceOf(candidate: Candidate, nowMs: number): number {
    const last = this.last.get(candidate.id);
    if (last?.fitness === candidate.fitness) return last.sinceMs;
    this.last.set(candidate.id, { fitness: candidate.fitness, sinceMs: nowMs });
    this.listener.onEndpoint(candidate);
    return nowMs;
  }

  private presenceOf(endpoint: EndpointConnection, candidate: Candidate, nowMs: number): Presence {
    const { id: instance, tier, fitness, reason } = candidate;
    const signMs = endpoint.vitals.signAt(nowMs);
    const { presence, moved } = nextPresence(this.presences.get(instance), fitness === 'fit', signMs, nowMs);
    this.presences.set(instance, presence);
    if (moved !== null) this.listener.onMove({ ...moved, instance, tier, reason });
    return presence;
  }

  /** Silence counts only when it sets this endpoint apart from the others. */
  private factsOf(endpoint: EndpointConnection, nowMs: number): { facts: EndpointFacts; wakeAtMs: number } {
    const facts = endpoint.facts(nowMs);
    if (facts.silent === null) {
      endpoint.vitals.compareWith([], nowMs);
      return { facts, wakeAtMs: Infinity };
    }
    this.comparing = true;
    const others = [...this.endpoints.values()].filter((one) => one !== endpoint);
    const lives = others.map((one) => one.vitals.lastLifeMs).filter((lifeMs) => lifeMs !== null);
    const verdict = endpoint.vitals.compareWith(lives, nowMs);
    if (verdict === null) return { facts, wakeAtMs: Infinity };
    return { facts: verdict.accused ? facts : { ...facts, silent: null }, wakeAtMs: verdict.wakeAtMs };
  }
}

function graceEndMs({ missingForMs }: EndpointFacts, nowMs: number, missingGraceMs: number): number {
  return missingForMs === null || missingForMs >= missingGraceMs ? Infinity : nowMs + missingGraceMs - missingForMs;
}
