/**
 * One repeatable call over attempts that the test answers, fails or leaves alone: real client parts, a virtual clock, no wire.
 */
import { Metadata, status } from '@grpc/grpc-js';
import { CallMonitor } from '../../client/call-monitor';
import { CallTrace, type Attempt, type TracedMethod, type TriedEndpoint } from '../../client/call-trace';
import type { CallListener, SubchannelCall } from '../../client/grpc-experimental';
import { RepeatableCall } from '../../client/repeatable-call';
import { SecondAttempts } from '../../client/second-attempts';
import { VirtualClock } from './virtual-clock';

export const LATE_MS = 10;
export const SAFE: TracedMethod = {
  shape: 'unary',
  held: true,
  repeatable: true,
  hedged: true,
  usualMs: LATE_MS / 2,
  lateAfterMs: LATE_MS,
  maxAttempts: 4,
};

/** One attempt on the wire, in the hands of the test. */
class Wire {
  endedWith: status | null = null;
  readonly messages: string[] = [];
  /** To be called when a message has left. */
  readonly written: (() => void)[] = [];
  halfClosed = false;

  constructor(
    readonly server: string,
    readonly metadata: Metadata,
    readonly listener: CallListener,
  ) {}

  answer(text: string): void {
    this.listener.onReceiveMetadata(new Metadata());
    this.listener.onReceiveMessage(text);
    this.end(status.OK);
  }

  end(code: status, trailers = new Metadata()): void {
    if (this.endedWith !== null) return;
    this.endedWith = code;
    this.listener.onReceiveStatus({ code, details: `${this.server} ended`, metadata: trailers });
  }

  get call(): SubchannelCall {
    return {
      cancelWithStatus: (code: status) => this.end(code),
      sendMessageWithContext: ({ callback }: { callback?: () => void }, message: Buffer) => {
        this.messages.push(String(message.length));
        if (callback !== undefined) this.written.push(callback);
      },
      startRead: () => undefined,
      halfClose: () => (this.halfClosed = true),
      getPeer: () => this.server,
    } as unknown as SubchannelCall;
  }
}

interface Server {
  readonly endpoint: TriedEndpoint;
  isDown: boolean;
}

export class RepeatableScene {
  readonly wires: Wire[] = [];
  /** What the caller was shown, in order. */
  readonly shown: string[] = [];
  readonly servers: Server[] = [];
  readonly calls: SecondAttempts;
  readonly monitor: CallMonitor;
  private readonly trace: CallTrace;
  readonly call: RepeatableCall;

  constructor(
    servers: readonly string[],
    method: Partial<TracedMethod> = {},
    metadata = new Metadata(),
    readonly clock = new VirtualClock(),
  ) {
    this.monitor = new CallMonitor(clock);
    this.calls = new SecondAttempts(clock, this.monitor);
    this.trace = new CallTrace('/a.B/C', { ...SAFE, ...method }, this.monitor, clock);
    for (const id of servers) this.add(id);
    this.offer();
    const listener: CallListener = {
      onReceiveMetadata: () => this.shown.push('headers'),
      onReceiveMessage: (message) => this.shown.push(String(message)),
      onReceiveStatus: ({ code, details }) =>
        this.shown.push(code === status.OK ? 'OK' : `${status[code]}: ${details}`),
    };
    const first = this.attempt();
    if (first === null) throw new Error('a scene needs a server');
    const wish = { metadata, host: '', path: this.trace.path, listener, callId: 1 };
    this.call = new RepeatableCall(wish, first, this.calls, this.clock);
  }

  add(id: string): void {
    const server = {
      get endpoint(): TriedEndpoint {
        return endpoint as unknown as TriedEndpoint;
      },
      isDown: false,
    };
    const vitals = {
      ...{ attemptStarted: () => undefined, attemptEnded: () => undefined, outrun: () => undefined },
      lastSilenceEndedMs: -Infinity,
    };
    const endpoint = {
      ...{ entry: { id }, vitals, load: { attemptEnded: () => undefined } },
      get isDown(): boolean {
        return server.isDown;
      },
    };
    this.servers.push(server);
  }

  /** As if the balancer had published another picker. */
  offer(): void {
    this.calls.offer({
      pickElsewhere: () => this.attempt(),
      isAnybodyUp: () => this.servers.some(({ isDown }) => !isDown),
    });
  }

  get asked(): readonly string[] {
    return this.wires.map(({ server }) => server);
  }

  wire(place: number): Wire {
    const wire = this.wires[place];
    if (wire === undefined) throw new Error(`attempt ${place} was not made`);
    return wire;
  }

  private attempt(): Attempt | null {
    if (!this.trace.mayTryMore) return null;
    const server = this.servers.find((one) => !one.isDown && !this.trace.tried.includes(one.endpoint));
    if (server === undefined) return null;
    const open = (metadata: Metadata, _host: string, _path: string, listener: CallListener): SubchannelCall => {
      const wire = new Wire(server.endpoint.entry.id, metadata, listener);
      this.wires.push(wire);
      return wire.call;
    };
    return this.trace.attemptOn(server.endpoint, { open });
  }
}
