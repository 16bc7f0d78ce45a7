/**
 * A connection as grpc-js shows it to balancing policies, over the simulated network: the same states, the same order of
 * news, the same backoff. It stands where `Subchannel` of grpc-js stands, so the real client/ runs on it unchanged.
 */
import { connectivityState, Metadata, status, type Channel } from '@grpc/grpc-js';
import type {
  CallListener,
  ConnectivityStateListener,
  RealSubchannel,
  SubchannelCall,
  SubchannelInterface,
} from '../client/grpc-experimental';
import { healthChannel } from './health-channel';
import type { Random } from './random';
import { Wire, type WireEnds, type WireStatus } from './wire';

/** Hears of what goes over the wire; `callId`: see CALL_KEY. */
export interface AttemptListener {
  onAttempt(callId: number, server: string): void;
  onAttemptEnd(callId: number, server: string, code: status): void;
}

/** The key that carries a call's number through the real client's layers. */
export const CALL_KEY = 'sim-call';

/** client/channel-context.ts sets these bounds; grpc-js grows by 1.6 and varies by a fifth. */
const BACKOFF = { initialMs: 100, maxMs: 1_000, factor: 1.6 };
const SYN_RETRY_MS = 1_000;

export class SimSubchannel implements SubchannelInterface {
  private state = connectivityState.IDLE;
  private readonly listeners = new Set<ConnectivityStateListener>();
  private readonly channel = healthChannel(() => this.wire);
  private wire: Wire | null = null;
  private references = 0;
  private goesOn = false;
  private backoffMs = BACKOFF.initialMs;
  /** Answers to an earlier attempt mean nothing. */
  private attempt = 0;

  constructor(
    private readonly ends: WireEnds,
    private readonly random: Random,
    private readonly attempts: AttemptListener,
  ) {}

  getConnectivityState(): connectivityState {
    return this.state;
  }

  addConnectivityStateListener(listener: ConnectivityStateListener): void {
    this.listeners.add(listener);
  }

  removeConnectivityStateListener(listener: ConnectivityStateListener): void {
    this.listeners.delete(listener);
  }

  startConnecting(): void {
    if (this.state === connectivityState.TRANSIENT_FAILURE) this.goesOn = true;
    if (this.state !== connectivityState.IDLE) return;
    this.become(connectivityState.CONNECTING);
    this.attempt += 1;
    this.knock(this.attempt);
  }

  ref(): void {
    this.references += 1;
  }

  unref(): void {
    this.references -= 1;
    if (this.references > 0) return;
    this.attempt += 1;
    this.wire?.abandon();
    this.state = connectivityState.SHUTDOWN;
    this.listeners.clear();
  }

  createCall(metadata: Metadata, _host: string, _path: string, listener: CallListener): SubchannelCall {
    const id = Number(metadata.get(CALL_KEY)[0]);
    const server = this.ends.server.id;
    let told = false;
    const end = (outcome: WireStatus): void => {
      if (told) return;
      told = true;
      this.attempts.onAttemptEnd(id, server, outcome.code);
      if (outcome.code === status.OK) {
        listener.onReceiveMetadata(new Metadata());
        listener.onReceiveMessage(Buffer.alloc(0));
      }
      listener.onReceiveStatus(outcome);
    };
    this.attempts.onAttempt(id, server);
    const sent = this.wire?.call(id, end);
    const cancelWithStatus = (code: status, details: string): void => {
      sent?.drop();
      end({ code, details, metadata: new Metadata() });
    };
    // Nothing else of a call is asked for.
    return { cancelWithStatus } as unknown as SubchannelCall;
  }

  getRealSubchannel(): RealSubchannel {
    return this as unknown as RealSubchannel;
  }

  realSubchannelEquals(other: SubchannelInterface): boolean {
    return other.getRealSubchannel() === this.getRealSubchannel();
  }

  getChannel(): Channel {
    return this.channel;
  }

  getAddress(): string {
    return this.ends.server.id;
  }

  isHealthy(): boolean {
    return true;
  }

  addHealthStateWatcher(): void {
    return;
  }

  removeHealthStateWatcher(): void {
    return;
  }

  addDataWatcher(): void {
    return;
  }

  throttleKeepalive(): void {
    return;
  }

  getChannelzRef(): never {
    throw new Error('nobody asks a simulated connection for channelz');
  }

  getCallCredentials(): never {
    throw new Error('nobody asks a simulated connection for credentials');
  }

  private knock(attempt: number): void {
    const { network, client, server } = this.ends;
    network.send(client, server.id, null, () => this.atServer(attempt));
  }

  private atServer(attempt: number): void {
    const { engine, network, client, server } = this.ends;
    if (attempt !== this.attempt) return;
    if (server.isDark) {
      engine.at(engine.nowMs + SYN_RETRY_MS, () => this.knock(attempt));
      return;
    }
    if (!server.isUp) {
      network.send(server.id, client, null, () => this.refused(attempt));
      return;
    }
    // The kernel accepts; the HTTP/2 handshake needs the process.
    server.whenAwake(() => network.send(server.id, client, null, () => this.accepted(attempt)));
  }

  private accepted(attempt: number): void {
    this.ends.process.take(() => {
      if (attempt !== this.attempt) return;
      if (!this.ends.server.isUp) {
        this.refused(attempt);
        return;
      }
      this.backoffMs = BACKOFF.initialMs;
      this.wire = new Wire(this.ends, () => this.lost());
      this.become(connectivityState.READY);
    });
  }

  private refused(attempt: number): void {
    this.ends.process.take(() => {
      if (attempt !== this.attempt) return;
      const waitMs = this.backoffMs * this.random.between(0.8, 1.2);
      this.backoffMs = Math.min(BACKOFF.maxMs, this.backoffMs * BACKOFF.factor);
      this.goesOn = false;
      this.ends.process.after(waitMs, () => this.backoffEnded(attempt));
      this.become(connectivityState.TRANSIENT_FAILURE, `connect ECONNREFUSED ${this.ends.server.id}`);
    });
  }

  private backoffEnded(attempt: number): void {
    if (attempt !== this.attempt || this.state !== connectivityState.TRANSIENT_FAILURE) return;
    if (!this.goesOn) {
      this.become(connectivityState.IDLE);
      return;
    }
    this.become(connectivityState.CONNECTING);
    this.attempt += 1;
    this.knock(this.attempt);
  }

  private lost(): void {
    this.wire = null;
    if (this.state === connectivityState.READY) this.become(connectivityState.IDLE);
  }

  private become(next: connectivityState, error?: string): void {
    const previous = this.state;
    this.state = next;
    for (const listener of [...this.listeners]) listener(this, previous, next, 0, error);
  }
}
