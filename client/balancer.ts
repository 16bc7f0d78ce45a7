/**
 * The balancing policy `understudy` of one channel: asks core which tier takes the calls and how they are spread, and
 * publishes a picker for each change. It decides nothing itself.
 */
import { connectivityState } from '@grpc/grpc-js';
import { decideTier, startFailover, type FailoverState, type TierDecision } from '../core/decide/failover';
import { standingOrder, type Order } from '../core/domain/order';
import { tierMoveOf } from '../core/measure/tier-move';
import { ArrivalsFirst } from './arrivals-first';
import { channelContextOf, catalogEntryOf, connectionOptions, type ChannelContext } from './channel-context';
import { EndpointSet, type Judged } from './endpoint-set';
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
import { nobodyPicker, queuePicker, type PickerMemory } from './picker';
import { pickerOver } from './picker-over';

export const POLICY_NAME = 'understudy';

/** A timer of more than 24 days fires at once. */
const LONGEST_WAIT_MS = 3_600_000;

type ChannelOptions = Parameters<LoadBalancer['updateAddressList']>[2];

export class UnderstudyBalancer implements LoadBalancer {
  private readonly endpoints: EndpointSet;
  private context: ChannelContext | null = null;
  private channelOptions: ChannelOptions = {};
  private state: FailoverState | null = null;
  private readonly memory: PickerMemory = { nextTurn: 0, arrivals: new ArrivalsFirst(() => this.republish()) };
  private republish: () => void = () => undefined;
  /** When the last order was given whose time is over. */
  private endedOrder: number | null = null;
  private cancelWake: () => void = () => undefined;
  private stale = false;
  private refreshing = false;
  private destroyed = false;

  constructor(private readonly helper: ChannelControlHelper) {
    this.endpoints = new EndpointSet(
      ({ address, port }, generation) =>
        helper.createSubchannel({ host: address, port }, connectionOptions(this.channelOptions, generation)),
      {
        onChange: () => this.refresh(),
        onEndpoint: (candidate) => this.context?.onEndpoint(candidate),
        onMove: (move) => this.context?.onMove(move),
      },
    );
  }

  updateAddressList(
    list: StatusOr<GrpcEndpoint[]>,
    _config: TypedLoadBalancingConfig,
    channelOptions: ChannelOptions,
  ): boolean {
    this.channelOptions = channelOptions;
    const context = channelContextOf(channelOptions);
    this.takeOrder(context.order);
    this.context = context;
    if (!list.ok) {
      // Absence of news is not death: an error never takes an endpoint away.
      if (this.endpoints.isEmpty) {
        this.publish(connectivityState.TRANSIENT_FAILURE, new UnavailablePicker(list.error));
      }
      return true;
    }
    // The time to settle begins with the first endpoints, however long the registry kept us waiting for them.
    if (this.endpoints.isEmpty && (this.state?.activeTier ?? null) === null) this.state = this.begin(context);
    this.endpoints.take(list.value.map(catalogEntryOf), context);
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
    this.republish = () => undefined;
    this.cancelWake();
    this.context?.secondAttempts.stop();
    this.endpoints.stop();
  }

  getTypeName(): string {
    return POLICY_NAME;
  }

  private takeOrder(order: Order | null): void {
    if (this.state === null || order === null || order.atUnixMs === this.context?.order?.atUnixMs) return;
    this.state = { ...this.state, ordered: order.lead.length > 0 ? 'failover' : 'failback' };
  }

  /** The order that stands now, and in how many ms its time is over. One whose time is over counts as taken back, once. */
  private orderNow({ order, clock }: ChannelContext): { readonly order: Order | null; readonly endsInMs: number } {
    const unixMs = clock.unixMs();
    const standing = standingOrder(order, unixMs);
    const isOver = standing === null && order !== null && order.lead.length > 0;
    if (isOver && this.endedOrder !== order.atUnixMs && this.state !== null) {
      this.endedOrder = order.atUnixMs;
      this.state = { ...this.state, ordered: 'failback' };
    }
    const leftMs = (standing?.untilUnixMs ?? Infinity) - unixMs;
    return { order: standing, endsInMs: leftMs === Infinity ? Infinity : Math.min(leftMs, LONGEST_WAIT_MS) };
  }

  private begin({ clock, rng }: ChannelContext): FailoverState {
    this.memory.nextTurn = Math.floor(rng() * 1_000);
    return startFailover(clock.nowMs());
  }

  /** A connection that is opened here may report at once: then once more, never nested. */
  private refresh(): void {
    this.stale = true;
    if (this.refreshing) return;
    this.refreshing = true;
    try {
      while (this.stale) {
        this.stale = false;
        this.refreshOnce();
      }
    } finally {
      this.refreshing = false;
    }
  }

  private refreshOnce(): void {
    const { context } = this;
    if (context === null || this.state === null || this.destroyed) return;
    this.cancelWake();
    const nowMs = context.clock.nowMs();
    const { order, endsInMs } = this.orderNow(context);
    const { all, wakeAtMs } = this.endpoints.judge(nowMs, { ...context, order });
    const candidates = all.map((one) => one.candidate);
    const ordered = this.state.ordered !== null;
    const decision = decideTier(this.state, candidates, nowMs, failoverOptions(context.options));
    this.state = decision.state;
    this.endpoints.connectWhatIsNeeded(all, decision);
    const spreadAtMs = this.answer(all, decision, context, nowMs);
    if (decision.change !== null) {
      context.onTierChange(decision.change, decision.reason);
      const placed = all.map(({ candidate, ...since }) => ({ ...candidate, ...since }));
      const move = tierMoveOf(decision, ordered, placed, nowMs);
      if (move !== null) context.onMove(move);
    }
    const wakeAtAllMs = Math.min(wakeAtMs, decision.wakeAtMs ?? Infinity, spreadAtMs, nowMs + endsInMs);
    this.wakeAt(wakeAtAllMs, nowMs, context);
  }

  /** Publishes what calls meet from now on. @returns when it has to be done again, though nothing happened */
  private answer(judged: readonly Judged[], decision: TierDecision, context: ChannelContext, nowMs: number): number {
    const over = pickerOver(judged, decision, context, this.memory, nowMs);
    context.secondAttempts.offer(over?.picker ?? null);
    if (over !== null) {
      this.publish(connectivityState.READY, over.picker);
      return over.wakeAtMs;
    }
    if (judged.some((one) => one.candidate.fitness === 'pending')) {
      this.publish(connectivityState.CONNECTING, queuePicker);
    } else {
      const nobody = nobodyPicker(`${context.service}: ${whyNobody(judged, decision, context)}`);
      this.publish(connectivityState.TRANSIENT_FAILURE, nobody);
    }
    return Infinity;
  }

  private publish(state: connectivityState, picker: Picker): void {
    this.republish = () => this.helper.updateState(state, picker, null);
    this.republish();
  }

  private wakeAt(atMs: number, nowMs: number, { clock }: ChannelContext): void {
    this.cancelWake = Number.isFinite(atMs) ? clock.after(atMs - nowMs, () => this.refresh()) : () => undefined;
  }
}

function whyNobody(judged: readonly Judged[], decision: TierDecision, context: ChannelContext): string {
  if (judged.length > 0) return decision.reason;
  return `no instance of it is registered in ${context.registryDescription}; is the name right, and does its agent run?`;
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
