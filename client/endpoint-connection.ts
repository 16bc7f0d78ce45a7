/**
 * One endpoint's connection as the balancer sees it: connects, reconnects, gives up on a peer that never completes the
 * handshake, and follows the server's health. It reports facts; whether they are good enough is decided in core.
 */
import { connectivityState } from '@grpc/grpc-js';
import type { ConnectionState, EndpointFacts, ServingState } from '../core/detect/fitness';
import { hostPort, type CatalogEntry } from '../core/domain/instance';
import type { Clock } from '../core/time/clock';
import type { ConnectivityStateListener, SubchannelInterface } from './grpc-experimental';
import { HealthWatch } from './health-watch';
import type { ClientOptions } from './options';

/**
 * grpc-js waits for ever for a peer that accepts TCP and stays silent, and cannot be told to stop. A fresh connection
 * is tried beside it this many times, each after twice the time; the last one stays, so abandoned sockets are bounded.
 */
const MAX_FRESH_ATTEMPTS = 4;
const HEALTH_RETRY_MS = 1_000;

export interface EndpointPorts {
  /** A connection to the entry's address; another `generation` is never shared with an earlier one. */
  readonly createSubchannel: (entry: CatalogEntry, generation: number) => SubchannelInterface;
  readonly clock: Clock;
  readonly options: ClientOptions;
  readonly onChange: () => void;
}

export class EndpointConnection {
  private current: SubchannelInterface | null = null;
  private connection: ConnectionState = 'idle';
  private connectionReason = 'not connected yet';
  private serving: ServingState = 'unknown';
  private healthWatch: HealthWatch | null = null;
  private missingSinceMs: number | null = null;
  private generation = 0;
  private cancelDeadline: () => void = () => undefined;

  constructor(
    private latest: CatalogEntry,
    private readonly ports: EndpointPorts,
  ) {}

  get entry(): CatalogEntry {
    return this.latest;
  }

  /** The connection that calls may be put on; null unless it is ready. */
  get subchannel(): SubchannelInterface | null {
    return this.connection === 'ready' ? this.current : null;
  }

  /** Same place to connect to: a changed tier, weight or health needs no new connection. */
  isAt(entry: CatalogEntry): boolean {
    return hostPort(entry) === hostPort(this.latest);
  }

  listed(entry: CatalogEntry): void {
    this.latest = entry;
    this.missingSinceMs = null;
  }

  unlisted(nowMs: number): void {
    this.missingSinceMs ??= nowMs;
  }

  facts(nowMs: number): EndpointFacts {
    return {
      connection: this.connection,
      connectionReason: this.connectionReason,
      serving: this.serving,
      health: this.latest.health,
      healthReason: this.latest.reason,
      missingForMs: this.missingSinceMs === null ? null : nowMs - this.missingSinceMs,
    };
  }

  /** Starts to connect, and keeps the connection from then on; idempotent. */
  connect(): void {
    if (this.current === null) this.open();
  }

  stop(): void {
    this.drop();
    this.connection = 'idle';
    this.connectionReason = 'closed';
  }

  private open(): void {
    const subchannel = this.ports.createSubchannel(this.latest, this.generation);
    this.current = subchannel;
    subchannel.ref();
    subchannel.addConnectivityStateListener(this.onConnectivity);
    this.armDeadline();
    if (this.connection !== 'failing') this.become('connecting', `connecting to ${hostPort(this.latest)}`);
    if (subchannel.getConnectivityState() === connectivityState.READY) this.ready();
    else subchannel.startConnecting();
  }

  private drop(): void {
    this.cancelDeadline();
    this.stopHealthWatch();
    this.current?.removeConnectivityStateListener(this.onConnectivity);
    this.current?.unref();
    this.current = null;
  }

  private readonly onConnectivity: ConnectivityStateListener = (subchannel, previous, next, _keepalive, error) => {
    switch (next) {
      case connectivityState.READY:
        this.ready();
        break;
      case connectivityState.TRANSIENT_FAILURE:
        this.failed(error ?? `cannot connect to ${hostPort(this.latest)}`);
        subchannel.startConnecting();
        break;
      case connectivityState.IDLE:
        if (previous === connectivityState.READY) this.failed('its connection was lost');
        subchannel.startConnecting();
        break;
      case connectivityState.CONNECTING:
        this.armDeadline();
        break;
      case connectivityState.SHUTDOWN:
        break;
    }
  };

  private ready(): void {
    this.cancelDeadline();
    this.generation = 0;
    this.serving = this.ports.options.healthWatch ? 'unknown' : 'serving';
    this.startHealthWatch();
    this.become('ready', `connected to ${hostPort(this.latest)}`);
  }

  private failed(reason: string): void {
    this.cancelDeadline();
    this.stopHealthWatch();
    this.become('failing', reason);
  }

  private become(connection: ConnectionState, reason: string): void {
    const changed = connection !== this.connection;
    this.connection = connection;
    this.connectionReason = reason;
    if (changed) this.ports.onChange();
  }

  private armDeadline(): void {
    this.cancelDeadline();
    const waitMs = this.ports.options.connectDeadlineMs * 2 ** this.generation;
    this.cancelDeadline = this.ports.clock.after(waitMs, () => {
      this.failed(`${hostPort(this.latest)} did not complete its handshake within ${waitMs} ms`);
      if (this.generation >= MAX_FRESH_ATTEMPTS) return;
      this.generation += 1;
      this.drop();
      this.open();
    });
  }

  private startHealthWatch(): void {
    this.stopHealthWatch();
    const { options, clock, onChange } = this.ports;
    if (!options.healthWatch || this.current === null) return;
    const watch = { service: options.healthService, deadlineMs: options.healthDeadlineMs, retryMs: HEALTH_RETRY_MS };
    this.healthWatch = new HealthWatch(this.current.getChannel(), watch, clock, (state) => {
      if (state === this.serving) return;
      this.serving = state;
      onChange();
    });
    this.healthWatch.start();
  }

  private stopHealthWatch(): void {
    this.healthWatch?.stop();
    this.healthWatch = null;
  }
}
