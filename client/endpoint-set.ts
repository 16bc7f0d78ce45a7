/**
 * The endpoints of one channel: takes each view of the catalog in, keeps a connection for whoever is needed, and has core
 * judge each of them. It neither chooses nor publishes.
 */
import type { Candidate, TierDecision } from '../core/decide/failover';
import { judge, type EndpointFacts } from '../core/detect/fitness';
import { nextPresence, type Presence } from '../core/detect/presence';
import { hostPort, type CatalogEntry } from '../core/domain/instance';
import type { EndpointMove } from '../core/domain/move';
import { orderedTier, type Order } from '../core/domain/order';
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

  /** What was found of those that nobody has connected to yet: it stands until their entry changes. */
  private readonly asleep = new WeakMap<
    EndpointConnection,
    { readonly entry: CatalogEntry; readonly order: Order | null; readonly judged: Judged }
  >();

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
    // Of thousands mostly one is new: a registry hands out the same object for what has not changed.
    const news = entries.filter((entry) => this.endpoints.get(entry.id)?.isListedAs(entry) !== true);
    for (const entry of news) {
      const known = this.endpoints.get(entry.id);
      if (known?.isAt(entry) === true) known.listed(entry);
      else if (known !== undefined) this.remove(entry.id, known);
    }
    this.missOthers(entries, context.clock.nowMs());
    for (const entry of news) {
      if (!this.endpoints.has(entry.id)) this.endpoints.set(entry.id, this.connectionTo(entry, context));
    }
  }

  judge(nowMs: number, { order, options: { missingGraceMs } }: ChannelContext): Judgements {
    const all: Judged[] = [];
    this.comparing = false;
    let wakeAtMs = Infinity;
    for (const [id, endpoint] of this.endpoints) {
      const asleep = this.asleep.get(endpoint);
      if (asleep?.order === order && endpoint.isAsleepAs(asleep.entry)) {
        all.push(asleep.judged);
        continue;
      }
      const compared = this.factsOf(endpoint, nowMs);
      const { facts } = compared;
      const { fitness, reason } = judge(facts, missingGraceMs);
      const candidate = { id, tier: orderedTier(endpoint.entry, order), fitness, reason };
      const presence = this.presenceOf(endpoint, candidate, nowMs);
      const answers = facts.connection === 'ready' && fitness !== 'unfit' && fitness !== 'desperate';
      // Not listed and not answering: gone.
      if (facts.missingForMs !== null && !answers) {
        this.forget(id, endpoint);
        continue;
      }
      const judged = { endpoint, candidate, sinceMs: this.sinceOf(candidate, nowMs), presence };
      all.push(judged);
      if (endpoint.isAsleepAs(endpoint.entry)) this.asleep.set(endpoint, { entry: endpoint.entry, order, judged });
      wakeAtMs = Math.min(wakeAtMs, compared.wakeAtMs, graceEndMs(facts, nowMs, missingGraceMs));
    }
    return { all: all.sort((a, b) => a.candidate.tier - b.candidate.tier), wakeAtMs };
  }

  /** The active tier, all better ones, and the next one, which is kept warm; everybody when nobody answers. */
  connectWhatIsNeeded(judged: readonly Judged[], decision: TierDecision): void {
    const tiers = judged.map((one) => one.candidate.tier);
    const active = decision.state.activeTier ?? tiers[0] ?? 0;
    const nextTier = tiers.find((tier) => tier > active) ?? Infinity;
    const wanted = judged.filter((one) => one.candidate.tier <= nextTier);
    const promising = wanted.some(({ candidate }) => candidate.fitness === 'fit' || candidate.fitness === 'pending');
    for (const { endpoint } of promising ? wanted : judged) endpoint.connect();
  }

  stop(): void {
    for (const endpoint of this.endpoints.values()) endpoint.stop();
    this.endpoints.clear();
  }

  private connectionTo(entry: CatalogEntry, context: ChannelContext): EndpointConnection {
    const { clock, options, safety, secondAttempts } = context;
    const { createSubchannel, listener } = this;
    const onChange = (): void => listener.onChange();
    const onDoubt = (): void => this.askEverybody();
    // Not each time: with many endpoints that would be a judgement of all for each heartbeat of each.
    const onLife = (): void => {
      if (this.comparing) onChange();
    };
    const events = { onChange, onLife, onDoubt };
    return new EndpointConnection(entry, { clock, options, safety, secondAttempts, ...events, createSubchannel });
  }

  /** Whoever is not in the view; it goes at once when another instance took its place. */
  private missOthers(entries: readonly CatalogEntry[], nowMs: number): void {
    const found = entries.filter((entry) => this.endpoints.has(entry.id)).length;
    if (found === this.endpoints.size) return;
    const listed = new Set(entries.map(({ id }) => id));
    const places = new Set(entries.map(hostPort));
    for (const [id, endpoint] of this.endpoints) {
      if (listed.has(id)) continue;
      if (places.has(hostPort(endpoint.entry))) this.forget(id, endpoint);
      else endpoint.unlisted(nowMs);
    }
  }

  private askEverybody(): void {
    for (const endpoint of this.endpoints.values()) endpoint.vitals.heartbeat();
  }

  private remove(id: string, endpoint: EndpointConnection): void {
    endpoint.stop();
    this.endpoints.delete(id);
    this.last.delete(id);
  }

  private forget(id: string, endpoint: EndpointConnection): void {
    this.remove(id, endpoint);
    this.presences.delete(id);
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
