/**
 * What all channels of one registerUnderstudy share: options, watches, method safety, counters, and the events.
 */
import { EventEmitter } from 'node:events';
import type { Candidate, TierChange } from '../core/decide/failover';
import type { Fitness } from '../core/detect/fitness';
import type { Move } from '../core/domain/move';
import type { MethodTallies } from '../core/measure/method-tally';
import { MoveLog } from '../core/measure/move-log';
import type { Clock, Rng } from '../core/time/clock';
import type { SettingEvent } from '../registry/port';
import type { CallConfigParts } from './call-config';
import {
  CallMonitor,
  type AttemptFailure,
  type AttemptRecord,
  type CallCounters,
  type CallRecord,
} from './call-monitor';
import type { ChannelContext } from './channel-context';
import { MethodCounts } from './method-counts';
import type { MethodSafety } from './method-safety';
import { budgetOptions, optionsOf, type ClientOptions } from './options';
import { RepeatBudget } from './repeat-budget';
import { readSettings, type LiveSettings } from './service-settings';
import { RestartAsker, type RestartAsked } from './restart-asker';
import type { Target } from './target';
import type { WatchHub } from './watch-hub';

interface ServiceEvent {
  readonly service: string;
  /** Unix time in ms. */
  readonly atMs: number;
}

export interface TierChangeEvent extends ServiceEvent {
  readonly from: number | null;
  readonly to: number;
  readonly reason: string;
}

export interface EndpointEvent extends ServiceEvent {
  readonly id: string;
  readonly tier: number;
  readonly fitness: Fitness;
  readonly reason: string;
}

export interface SettingsEvent extends ServiceEvent {
  /** What the registry sets now; null: it cannot be used, and what was set before stays. */
  readonly applied: LiveSettings | null;
  readonly reason: string;
}

export interface RestartAskedEvent extends ServiceEvent, RestartAsked {}

export interface AttemptFailedEvent extends ServiceEvent, AttemptFailure {}

export interface AttemptEvent extends ServiceEvent, AttemptRecord {}

export interface CallEvent extends ServiceEvent, CallRecord {}

/** Each channel tells its own; with several channels to one service an event comes several times. */
export interface UnderstudyEvents {
  /** The first choice of a tier. */
  start: [TierChangeEvent];
  failover: [TierChangeEvent];
  failback: [TierChangeEvent];
  /** An endpoint became fit, unfit, … */
  endpoint: [EndpointEvent];
  'attempt-failed': [AttemptFailedEvent];
  /** An attempt has ended, well or not. */
  attempt: [AttemptEvent];
  /** A call has ended, as its caller was told. */
  call: [CallEvent];
  /** A restart of an instance was wished for. */
  'restart-asked': [RestartAskedEvent];
  /** An operator's settings were read. */
  settings: [SettingsEvent];
}

export class ClientCore {
  readonly events = new EventEmitter<UnderstudyEvents>();
  private readonly monitors = new Map<string, CallMonitor>();
  private readonly methods = new Map<string, MethodCounts>();
  /** What this process decided, for an agent that is told of it. */
  readonly moves = new MoveLog();
  private readonly asker: RestartAsker | null;
  private readonly budgets = new Map<string, RepeatBudget>();

  constructor(
    readonly options: ClientOptions,
    readonly safety: MethodSafety,
    readonly hub: WatchHub,
    readonly clock: Clock,
    private readonly rng: Rng,
    /** Unique to this process. */
    readonly client: string,
  ) {
    const { askRestartAfterMs: afterMs, askRestartToken: token } = options;
    const tell = (service: string, asked: RestartAsked): void =>
      this.emit('restart-asked', () => ({ ...this.stamp(service), ...asked }));
    this.asker = afterMs === 0 ? null : new RestartAsker({ afterMs, token, client, clock, rng, tell });
  }

  /** Asks agents for nothing any more; idempotent. */
  stop(): void {
    this.asker?.stop();
  }

  /** grpc-js prints channel options, which this is one of, when it traces. */
  toJSON(): string {
    return 'understudy';
  }

  monitorOf(service: string): CallMonitor {
    const known = this.monitors.get(service);
    if (known !== undefined) return known;
    const methods = this.options.reportTo === '' ? undefined : new MethodCounts();
    if (methods !== undefined) this.methods.set(service, methods);
    const monitor = new CallMonitor({
      ...(methods && { methods }),
      unixMs: () => this.clock.unixMs(),
      onAttemptFailed: (failure) => this.emit('attempt-failed', () => ({ ...this.stamp(service), ...failure })),
      onAttempt: (attempt) => this.emit('attempt', () => ({ ...this.stamp(service), ...attempt })),
      onCall: (call) => this.emit('call', () => ({ ...this.stamp(service), ...call })),
    });
    this.monitors.set(service, monitor);
    return monitor;
  }

  /** Counters of all services that were called. */
  counters(): Readonly<Record<string, CallCounters>> {
    return Object.fromEntries([...this.monitors].map(([service, monitor]) => [service, monitor.counters()]));
  }

  /** What was counted of the methods of one service since it was asked last. */
  takeMethods(service: string): MethodTallies {
    return this.methods.get(service)?.take() ?? {};
  }

  /** What the calls of all channels to a service share. */
  callConfigParts(service: string): Omit<CallConfigParts, 'userConfig'> {
    const { maxAttempts, hedging, hedgeMinDelayMs, hedgeFirstDelayMs } = this.options;
    return {
      safety: this.safety,
      monitor: this.monitorOf(service),
      budget: this.budgetOf(service),
      clock: this.clock,
      maxAttempts,
      hedge: { enabled: hedging, minDelayMs: hedgeMinDelayMs, firstDelayMs: hedgeFirstDelayMs },
    };
  }

  channelContext(
    target: Target,
    { order, ...live }: LiveSettings,
    registryDescription: string,
  ): Omit<ChannelContext, 'secondAttempts'> {
    const { query, settings } = target;
    const { service } = query;
    return {
      service,
      registryDescription,
      options: optionsOf(this.options, service, settings, live),
      order: order ?? null,
      clock: this.clock,
      rng: this.rng,
      safety: this.safety,
      budget: this.budgetOf(service),
      onEndpoint: (candidate: Candidate) => {
        const { id, tier, fitness, reason } = candidate;
        this.emit('endpoint', () => ({ ...this.stamp(service), id, tier, fitness, reason }));
        this.asker?.take({ catalog: this.hub.registryOf(target), query }, candidate);
      },
      onTierChange: ({ kind, from, to }: TierChange, reason) =>
        this.emit(kind, () => ({ ...this.stamp(service), from, to, reason })),
      onMove: (move: Move) => this.moves.add(service, move, this.clock.unixMs()),
    };
  }

  /** Takes an operator's text in and tells of it; null when it cannot be used. */
  takeSettings(service: string, event: SettingEvent): LiveSettings | null {
    if (event.type === 'trouble') return null;
    const { settings, reason } = readSettings(event.text);
    this.emit('settings', () => ({ ...this.stamp(service), applied: settings, reason }));
    return settings;
  }

  private budgetOf(service: string): RepeatBudget {
    const known = this.budgets.get(service);
    if (known !== undefined) return known;
    const budget = new RepeatBudget(budgetOptions(this.options), this.clock);
    this.budgets.set(service, budget);
    return budget;
  }

  private stamp(service: string): ServiceEvent {
    return { service, atMs: this.clock.unixMs() };
  }

  /** In a later tick: a listener of the user's must not run, or throw, in the middle of a decision. */
  private emit<Name extends keyof UnderstudyEvents>(name: Name, make: () => UnderstudyEvents[Name][0]): void {
    const emitter: EventEmitter = this.events;
    if (emitter.listenerCount(name) === 0) return;
    const event = make();
    process.nextTick(() => emitter.emit(name, event));
  }
}
