/**
 * One client process: the real balancer, config selector and budgets of client/ over simulated connections, the real watch
 * rules over a simulated Consul, and an open-loop load of safe and unsafe calls.
 */
import { connectivityState } from '@grpc/grpc-js';
import { UnderstudyBalancer, UnderstudyBalancingConfig } from '../client/balancer';
import { CallConfigSelector } from '../client/call-config';
import { CallMonitor } from '../client/call-monitor';
import { contextAttributes, toGrpcEndpoint, type ChannelContext } from '../client/channel-context';
import { statusOrFromValue, type Picker } from '../client/grpc-experimental';
import { MethodSafety } from '../client/method-safety';
import { budgetOptions, type ClientOptions } from '../client/options';
import { RepeatBudget } from '../client/repeat-budget';
import { SecondAttempts } from '../client/second-attempts';
import { DEFAULT_WATCH } from '../core/decide/watch-step';
import type { CatalogEntry } from '../core/domain/instance';
import { blockingLoop } from '../registry/consul/blocking-loop';
import { SimCall, type CallEnd } from './call';
import type { SimConsul } from './consul';
import { ConsulAccess } from './consul-access';
import type { Engine } from './engine';
import type { Network } from './network';
import type { Random } from './random';
import type { SimServer } from './server';
import type { CallRecord, WorldListener } from './world-listener';
import { SimProcess } from './sim-process';
import { SimSubchannel, type AttemptListener } from './subchannel';

export interface CallerPorts {
  readonly engine: Engine;
  readonly network: Network;
  readonly consul: SimConsul;
  readonly random: Random;
  readonly servers: ReadonlyMap<string, SimServer>;
  readonly options: ClientOptions;
  readonly listener: WorldListener;
  readonly nextCallId: () => number;
}

export interface Load {
  /** Mean time between calls, ms. */
  readonly everyMs: number;
  readonly safeShare: number;
  readonly deadlineMs: number;
}

const SAFE = '/sim.Work/Read';
const UNSAFE = '/sim.Work/Write';

export class Caller {
  readonly process: SimProcess;
  private readonly budget: RepeatBudget;
  private readonly selector: CallConfigSelector;
  private readonly balancer: UnderstudyBalancer;
  private readonly context: ChannelContext;
  private picker: Picker | null = null;
  private queue: (() => void)[] = [];
  /** Calls under way, and how many attempts each has had. */
  private readonly open = new Map<number, { readonly record: CallRecord; sent: number }>();
  private readonly stopper = new AbortController();

  constructor(
    readonly id: string,
    service: string,
    private readonly ports: CallerPorts,
  ) {
    const { engine, options, random, listener } = ports;
    this.process = new SimProcess(engine);
    const clock = this.process;
    const monitor = new CallMonitor(clock);
    const safety = new MethodSafety({}, [methods()], () => undefined);
    this.budget = new RepeatBudget(budgetOptions(options), clock);
    const { maxAttempts, hedging: enabled, hedgeMinDelayMs: minDelayMs, hedgeFirstDelayMs: firstDelayMs } = options;
    this.selector = new CallConfigSelector({
      ...{ safety, clock, maxAttempts, budget: this.budget, userConfig: null },
      monitor,
      hedge: { enabled, minDelayMs, firstDelayMs },
    });
    this.context = {
      ...{ service, registryDescription: 'the simulated Consul', options, clock, safety, budget: this.budget },
      secondAttempts: new SecondAttempts(clock, monitor),
      order: null,
      rng: random.next,
      onEndpoint: (candidate) => listener.onEndpoint(id, candidate),
      onTierChange: (change, reason) => listener.onTierChange(id, change, reason),
      onMove: () => undefined,
    };
    this.balancer = new UnderstudyBalancer({
      createSubchannel: (address) => this.connectionTo('host' in address ? address.host : ''),
      updateState: (_state, picker) => this.take(picker),
      requestReresolution: () => undefined,
      addChannelzChild: () => undefined,
      removeChannelzChild: () => undefined,
    });
  }

  start(load: Load): void {
    const { consul, network, random } = this.ports;
    const access = new ConsulAccess(consul, network, this.id, this.process);
    void blockingLoop(
      (request) => access.read(request),
      (step, asked) => {
        if (step.tellSnapshot && 'answer' in asked) this.view(asked.answer.value.instances);
      },
      { clock: this.process, rng: random.next, options: DEFAULT_WATCH },
      this.stopper.signal,
    );
    this.callNext(load);
  }

  stop(): void {
    this.stopper.abort(new Error('the simulation ends'));
    this.balancer.destroy();
    this.process.die();
  }

  private view(entries: readonly CatalogEntry[]): void {
    this.ports.listener.onView(this.id, entries);
    const attributes = contextAttributes(this.context) as Parameters<UnderstudyBalancer['updateAddressList']>[2];
    const list = statusOrFromValue(entries.map(toGrpcEndpoint));
    this.balancer.updateAddressList(list, new UnderstudyBalancingConfig(), attributes);
  }

  private connectionTo(id: string): SimSubchannel {
    const { engine, network, random, servers, listener } = this.ports;
    const server = servers.get(id);
    if (server === undefined) throw new Error(`no server ${id}`);
    const ends = { engine, network, client: this.id, process: this.process, server };
    const subchannel = new SimSubchannel(ends, random, this.attempts);
    subchannel.addConnectivityStateListener((_self, _previous, next) =>
      listener.onConnection(this.id, id, next === connectivityState.READY),
    );
    return subchannel;
  }

  private take(picker: Picker): void {
    this.picker = picker;
    for (const again of this.queue.splice(0)) again();
  }

  private callNext(load: Load): void {
    const { random } = this.ports;
    this.process.after(-Math.log(1 - random.next()) * load.everyMs, () => {
      if (this.stopper.signal.aborted) return;
      this.call(random.chance(load.safeShare), load.deadlineMs);
      this.callNext(load);
    });
  }

  private call(isSafe: boolean, deadlineMs: number): void {
    const { engine, listener, nextCallId } = this.ports;
    const record: CallRecord = { id: nextCallId(), caller: this.id, isSafe, startedMs: engine.nowMs };
    listener.onCall(record);
    const ports = {
      process: this.process,
      picker: () => this.picker,
      queue: (again: () => void) => void this.queue.push(again),
    };
    const config = this.selector.invoke(isSafe ? SAFE : UNSAFE);
    this.open.set(record.id, { record, sent: 0 });
    const end = (how: CallEnd): void => {
      this.open.delete(record.id);
      listener.onCallEnd(record, how);
    };
    new SimCall(record.id, config, ports, end).start(deadlineMs);
  }

  private readonly attempts: AttemptListener = {
    onAttempt: (callId, server) => {
      const call = this.open.get(callId);
      if (call === undefined) throw new Error(`call ${callId} is sent to ${server} after its end`);
      call.sent += 1;
      this.ports.listener.onAttempt(call.record, server, call.sent === 1);
    },
    onAttemptEnd: (callId, server, code) => {
      const call = this.open.get(callId);
      if (call !== undefined) this.ports.listener.onAttemptEnd(call.record, server, code);
    },
  };
}

function methods(): ConstructorParameters<typeof MethodSafety>[1][number] {
  const of = (path: string, level: string): object => ({
    ...{ path, requestStream: false, responseStream: false },
    options: { idempotency_level: level },
  });
  return { Read: of(SAFE, 'NO_SIDE_EFFECTS'), Write: of(UNSAFE, 'IDEMPOTENCY_UNKNOWN') } as never;
}
