/**
 * One endpoint's connection as the balancer sees it: connects, reconnects, gives up on a peer that never completes the
 * handshake, and follows the server's health. It reports facts; whether they are good enough is decided in core.
 */
import { connectivityState, status } from '@grpc/grpc-js';
import type { ConnectionState, EndpointFacts, ServingState } from '../core/detect/fitness';
import { hostPort, type CatalogEntry } from '../core/domain/instance';
import { DEFAULT_LOAD_WEIGHT } from '../core/pick/load-weight';
import type { Clock } from '../core/time/clock';
import type { ConnectivityStateListener, SubchannelInterface } from './grpc-experimental';
import { EndpointVitals } from './endpoint-vitals';
import { healthClientOn, type HealthClient } from './health-client';
import { HealthWatch } from './health-watch';
import { LoadReports } from './load-reports';
import type { MethodSafety } from './method-safety';
import { vitalsOptions, type ClientOptions } from './options';
import { AttemptSubchannel } from './attempt-subchannel';
import type { SecondAttempts } from './second-attempts';

/**
 * grpc-js waits for ever for a peer that accepts TCP and stays silent, and cannot be told to stop. A fresh connection
 * is tried beside it this many times, each after twice the time; the last one stays, so abandoned sockets are bounded.
 */
const MAX_FRESH_ATTEMPTS = 4;
const HEALTH_RETRY_MS = 1_000;
const REOPEN_AFTER_SILENCE_MS = 2_000;
/** What grpc-js says of a call on a connection that is gone. */
const NOT_READY = 'Subchannel not ready';

export interface EndpointPorts {
  /** A connection to the entry's address; another `generation` is never shared with an earlier one. */
  readonly createSubchannel: (entry: CatalogEntry, generation: number) => SubchannelInterface;
  readonly clock: Clock;
  readonly options: ClientOptions;
  readonly safety: MethodSafety;
  readonly secondAttempts: SecondAttempts;
  readonly onChange: () => void;
  /** It answered a heartbeat. */
  readonly onLife: () => void;
  /** It keeps quiet while calls wait: ask the others for a sign of life, to compare. */
  readonly onDoubt: () => void;
}

export class EndpointConnection {
  readonly vitals: EndpointVitals;
  readonly load = new LoadReports(DEFAULT_LOAD_WEIGHT);
  private current: AttemptSubchannel | null = null;
  private connection: ConnectionState = 'idle';
  private connectionReason = 'not connected yet';
  private serving: ServingState = 'unknown';
  private health: HealthClient | null = null;
  private healthWatch: HealthWatch | null = null;
  private missingSinceMs: number | null = null;
  private generation = 0;
  private freshAttempts = 0;
  private cancelDeadline: () => void = () => undefined;
  private cancelReopening: () => void = () => undefined;
  private cancelHeartbeat: () => void = () => undefined;

  constructor(
    private latest: CatalogEntry,
    private readonly ports: EndpointPorts,
  ) {
    this.vitals = new EndpointVitals({
      clock: ports.clock,
      options: vitalsOptions(ports.options),
      sendHeartbeat: (answered) => this.heartbeat(answered),
      onChange: () => this.vitalsChanged(),
      onLife: ports.onLife,
      onDoubt: ports.onDoubt,
    });
  }

  get entry(): CatalogEntry {
    return this.latest;
  }

  /** The connection that calls may be put on; null unless it is ready. */
  get subchannel(): AttemptSubchannel | null {
    return this.connection === 'ready' ? this.current : null;
  }

  /** Calls on it wait in vain: to send them elsewhere adds no load anywhere. */
  get isDown(): boolean {
    return this.connection !== 'ready' || this.vitals.silentWhy !== null;
  }

  /** Same place to connect to: a changed tier, weight or health needs no new connection. */
  isAt(entry: CatalogEntry): boolean {
    return hostPort(entry) === hostPort(this.latest);
  }

  isListedAs(entry: CatalogEntry): boolean {
    return this.latest === entry && this.missingSinceMs === null;
  }

  /** Nobody has asked for a connection yet, and it is listed so: only another entry would change its facts. */
  isAsleepAs(entry: CatalogEntry): boolean {
    return this.current === null && this.connection === 'idle' && this.isListedAs(entry);
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
      silent: this.vitals.silentWhy,
      standing: this.vitals.standing,
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
    const { createSubchannel, safety, secondAttempts, clock } = this.ports;
    const subchannel = new AttemptSubchannel(createSubchannel(this.latest, this.generation), {
      safety,
      secondAttempts,
      clock,
      onStream: () => {
        const { connection } = this.vitals;
        return () => this.vitals.attemptAnswered(connection, clock.nowMs());
      },
    });
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
    this.stopWatching();
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
    this.freshAttempts = 0;
    this.serving = this.ports.options.healthWatch ? 'unknown' : 'serving';
    this.startWatching();
    this.vitals.connected();
    this.load.connected();
    this.become('ready', `connected to ${hostPort(this.latest)}`);
  }

  private failed(reason: string): void {
    this.cancelDeadline();
    this.stopWatching();
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
    const waitMs = this.ports.options.connectDeadlineMs * 2 ** this.freshAttempts;
    this.cancelDeadline = this.ports.clock.after(waitMs, () => {
      this.failed(`${hostPort(this.latest)} did not complete its handshake within ${waitMs} ms`);
      if (this.freshAttempts < MAX_FRESH_ATTEMPTS) this.openAfresh();
    });
  }

  private openAfresh(): void {
    this.freshAttempts += 1;
    this.generation += 1;
    this.drop();
    this.open();
  }

  /** A network that dropped packets for a while is found healed sooner on a fresh connection than on the old one. */
  private vitalsChanged(): void {
    this.cancelReopening();
    if (this.vitals.silentWhy !== null) {
      this.cancelReopening = this.ports.clock.after(REOPEN_AFTER_SILENCE_MS, () => {
        this.current?.endStreams(`${this.latest.id}: ${this.vitals.silentWhy ?? 'silent'}; its connection is given up`);
        this.failed(`silent for another ${REOPEN_AFTER_SILENCE_MS} ms; connecting afresh`);
        this.openAfresh();
      });
    }
    this.ports.onChange();
  }

  private heartbeat(answered: () => void): void {
    // One that was not waited for may never be answered.
    this.cancelHeartbeat();
    // An error is an answer as well, unless it was made on this side of the connection.
    const call = this.health?.check({ service: this.ports.options.healthService }, (error) => {
      if (error?.code !== status.CANCELLED && error?.details !== NOT_READY) answered();
    });
    this.cancelHeartbeat = () => void setImmediate(() => call?.cancel());
  }

  private startWatching(): void {
    this.stopWatching();
    const { options, clock, onChange } = this.ports;
    if (this.current === null) return;
    this.health = healthClientOn(this.current.getChannel());
    if (!options.healthWatch) return;
    const watch = { service: options.healthService, deadlineMs: options.healthDeadlineMs, retryMs: HEALTH_RETRY_MS };
    this.healthWatch = new HealthWatch(this.health, watch, clock, (state) => {
      if (state === this.serving) return;
      this.serving = state;
      onChange();
    });
    this.healthWatch.start();
  }

  private stopWatching(): void {
    this.cancelReopening();
    this.cancelHeartbeat();
    this.vitals.disconnected();
    this.healthWatch?.stop();
    this.healthWatch = null;
  }
}
