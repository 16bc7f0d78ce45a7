/**
 * The balancing policy `understudy` of one channel: keeps the connections, asks core which tier takes the calls, and
 * publishes a picker for each change. It decides nothing itself.
 */
import { connectivityState } from '@grpc/grpc-js';
import {
  decideTier,
  startFailover,
  type Candidate,
  type FailoverState,
  type TierDecision,
} from '../core/decide/failover';
import { judge, type EndpointFacts, type Fitness } from '../core/detect/fitness';
import { hostPort, type CatalogEntry } from '../core/domain/instance';
import type { Choices } from '../core/pick/choose';
import { channelContextOf, catalogEntryOf, connectionOptions, type ChannelContext } from './channel-context';
import { EndpointConnection } from './endpoint-connection';
import {
  UnavailablePicker,
  type ChannelControlHelper,
  type GrpcEndpoint,
  type LoadBalancer,
  type Picker,
  type StatusOr,
  type TypedLoadBalancingConfig,
} from './grpc-experimental';
import { failoverOptions } from './options';
import { EndpointPicker, nobodyPicker, queuePicker, type Turn } from './picker';

export const POLICY_NAME = 'understudy';

interface Judged {
  readonly endpoint: EndpointConnection;
  readonly candidate: Candidate;
}

type ChannelOptions = Parameters<LoadBalancer['updateAddressList']>[2];

export class UnderstudyBalancer implements LoadBalancer {
  private readonly endpoints = new Map<string, EndpointConnection>();
  private readonly lastTold = new Map<string, Fitness>();
  private context: ChannelContext | null = null;
  private channelOptions: ChannelOptions = {};
  private state: FailoverState | null = null;
  private turn: Turn = { next: 0 };
  private published: { readonly state: connectivityState; readonly picker: Picker } | null = null;
  private cancelWake: () => void = () => undefined;
  /** When the silent ones have to be compared with the others again. */
  private compareAgainMs = Infinity;
  private stale = false;
  private refreshing = false;
  private destroyed = false;

  constructor(private readonly helper: ChannelControlHelper) {}

  updateAddressList(
    list: StatusOr<GrpcEndpoint[]>,
    _config: TypedLoadBalancingConfig,
    channelOptions: ChannelOptions,
  ): boolean {
    this.channelOptions = channelOptions;
    const context = channelContextOf(channelOptions);
    this.context = context;
    if (!list.ok) {
      // Absence of news is not death: an error never takes an endpoint away.
      if (this.endpoints.size === 0)
        this.publish(connectivityState.TRANSIENT_FAILURE, new UnavailablePicker(list.error));
      return true;
    }
    // The time to settle begins with the first endpoints, however long the registry kept us waiting for them.
    if (this.endpoints.size === 0 && (this.state?.activeTier ?? null) === null) this.state = this.begin(context);
    this.take(list.value.map(catalogEntryOf), context);
    this.refresh();
    return true;
  }

  /** grpc-js says this at every call; connections are kept from the first view on, so there is nothing to do. */
  exitIdle(): void {
    return;
  }

  /** Left out on purpose: in grpc-js 1.14 resetting a running backoff lengthens it, and ours is a second at most. */
  resetBackoff(): void {
    return;
  }

  destroy(): void {
    this.destroyed = true;
    this.cancelWake();
    for (const endpoint of this.endpoints.values()) endpoint.stop();
    this.endpoints.clear();
  }

  getTypeName(): string {
    return POLICY_NAME;
  }

  private begin(context: ChannelContext): FailoverState {
    this.turn = { next: Math.floor(context.rng() * 1_000) };
    return startFailover(context.clock.nowMs());
  }

  private take(entries: readonly CatalogEntry[], context: ChannelContext): void {
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

  private connectionTo(entry: CatalogEntry, context: ChannelContext): EndpointConnection {
    return new EndpointConnection(entry, {
      clock: context.clock,
      options: context.options,
      onChange: () => this.refresh(),
      onDoubt: () => this.askEverybody(),
      safety: context.safety,
      createSubchannel: ({ address, port }, generation) =>
        this.helper.createSubchannel({ host: address, port }, connectionOptions(this.channelOptions, generation)),
    });
  }

  private askEverybody(): void {
    for (const endpoint of this.endpoints.values()) endpoint.vitals.heartbeat();
  }

  private remove(id: string, endpoint: EndpointConnection): void {
    endpoint.stop();
    this.endpoints.delete(id);
    this.lastTold.delete(id);
  }

  /** A connection that is opened here may report at once: then once more, never nested. */
  private refresh(): void {
    this.stale = true;
    if (this.refreshing) return;
    this.refreshing = true;
    while (this.stale) {
      this.stale = false;
      this.refreshOnce();
    }
    this.refreshing = false;
  }

  private refreshOnce(): void {
    const { context, state } = this;
    if (context === null || state === null || this.destroyed) return;
    this.cancelWake();
    const nowMs = context.clock.nowMs();
    const judged = this.judgeAll(nowMs, context);
    const decision = decideTier(
      state,
      judged.map((one) => one.candidate),
      nowMs,
      failoverOptions(context.options),
    );
    this.state = decision.state;
    this.connectWhatIsNeeded(judged, decision);
    this.publish(...this.answer(judged, decision, context));
    this.tell(judged, decision, context);
    this.scheduleWake(judged, decision, nowMs, context);
  }

  private judgeAll(nowMs: number, context: ChannelContext): readonly Judged[] {
    const judged: Judged[] = [];
    this.compareAgainMs = Infinity;
    for (const [id, endpoint] of this.endpoints) {
      const facts = this.factsOf(endpoint, nowMs);
      const { fitness, reason } = judge(facts, context.options.missingGraceMs);
      const answers = facts.connection === 'ready' && fitness !== 'unfit';
      // Not listed and not answering: gone.
      if (facts.missingForMs !== null && !answers) this.remove(id, endpoint);
      else judged.push({ endpoint, candidate: { id, tier: endpoint.entry.tier, fitness, reason } });
    }
    return judged.sort((a, b) => a.candidate.tier - b.candidate.tier);
  }

  /** Silence counts only when it sets this endpoint apart from the others. */
  private factsOf(endpoint: EndpointConnection, nowMs: number): EndpointFacts {
    const facts = endpoint.facts(nowMs);
    const others = [...this.endpoints.values()].filter((one) => one !== endpoint);
    const lives = others.map((one) => one.vitals.lastLifeMs).filter((lifeMs) => lifeMs !== null);
    const verdict = endpoint.vitals.compareWith(lives, nowMs);
    if (verdict === null) return facts;
    this.compareAgainMs = Math.min(this.compareAgainMs, verdict.wakeAtMs);
    return verdict.accused ? facts : { ...facts, silent: null };
  }

  /** The active tier, all better ones, and the next one, which is kept warm; everybody when nobody answers. */
  private connectWhatIsNeeded(judged: readonly Judged[], decision: TierDecision): void {
    const tiers = [...new Set(judged.map((one) => one.candidate.tier))];
    const active = decision.state.activeTier;
    const nextTier = tiers.find((tier) => tier > (active ?? tiers[0] ?? 0)) ?? Infinity;
    const wanted = judged.filter((one) => one.candidate.tier <= nextTier);
    const promising = wanted.some(({ candidate }) => candidate.fitness === 'fit' || candidate.fitness === 'pending');
    for (const { endpoint } of promising ? wanted : judged) endpoint.connect();
  }

  private answer(
    judged: readonly Judged[],
    decision: TierDecision,
    context: ChannelContext,
  ): [connectivityState, Picker] {
    const usable = judged.filter((one) => one.candidate.fitness === decision.level);
    const active = decision.state.activeTier;
    const pool = usable.filter((one) => one.candidate.tier === active);
    if (pool.length > 0) {
      const choices: Choices<EndpointConnection> = {
        pool: pool.map((one) => one.endpoint),
        reserve: usable.filter((one) => one.candidate.tier !== active).map((one) => one.endpoint),
      };
      const trials = judged.map((one) => one.endpoint).filter((one) => one.vitals.standing === 'probation');
      const picker = new EndpointPicker({
        choices,
        trials,
        turn: this.turn,
        policy: context.options.policy,
        rng: context.rng,
        budget: context.budget,
        again: () => this.publishAgain(),
      });
      return [connectivityState.READY, picker];
    }
    if (judged.some((one) => one.candidate.fitness === 'pending')) return [connectivityState.CONNECTING, queuePicker];
    return [
      connectivityState.TRANSIENT_FAILURE,
      nobodyPicker(`${context.service}: ${this.whyNobody(judged, decision, context)}`),
    ];
  }

  private whyNobody(judged: readonly Judged[], decision: TierDecision, context: ChannelContext): string {
    if (judged.length > 0) return decision.reason;
    return `no instance of it is registered in ${context.registryDescription}; is the name right, and does its agent run?`;
  }

  private publish(state: connectivityState, picker: Picker): void {
    this.published = { state, picker };
    this.helper.updateState(state, picker, null);
  }

  /** Lets attempts that were told to wait be picked for once more. */
  private publishAgain(): void {
    if (this.published !== null && !this.destroyed) this.publish(this.published.state, this.published.picker);
  }

  private tell(judged: readonly Judged[], decision: TierDecision, context: ChannelContext): void {
    for (const { candidate } of judged) {
      if (this.lastTold.get(candidate.id) === candidate.fitness) continue;
      this.lastTold.set(candidate.id, candidate.fitness);
      context.onEndpoint(candidate);
    }
    if (decision.change !== null) context.onTierChange(decision.change, decision.reason);
  }

  private scheduleWake(
    judged: readonly Judged[],
    decision: TierDecision,
    nowMs: number,
    context: ChannelContext,
  ): void {
    const graceEnds = judged.flatMap(({ endpoint }) => {
      const missing = endpoint.facts(nowMs).missingForMs;
      return missing === null || missing >= context.options.missingGraceMs
        ? []
        : [nowMs + context.options.missingGraceMs - missing];
    });
    const wakeAtMs = Math.min(decision.wakeAtMs ?? Infinity, this.compareAgainMs, ...graceEnds);
    this.cancelWake = Number.isFinite(wakeAtMs)
      ? context.clock.after(wakeAtMs - nowMs, () => this.refresh())
      : () => undefined;
  }
}

/** The policy takes no configuration through the service config: registerUnderstudy and the target hold it. */
export class UnderstudyBalancingConfig implements TypedLoadBalancingConfig {
  getLoadBalancerName(): string {
    return POLICY_NAME;
  }

  toJsonObject(): object {
    return { [POLICY_NAME]: {} };
  }

  static createFromJson(): UnderstudyBalancingConfig {
    return new UnderstudyBalancingConfig();
  }
}
