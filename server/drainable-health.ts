import { HealthImplementation } from 'grpc-health-check';
import type { ServingStatus, ServingStatusMap } from 'grpc-health-check';

type HealthServer = Parameters<HealthImplementation['addToServer']>[0];
type HealthHandlers = Parameters<HealthServer['addService']>[1];

/** What this file needs of an open Watch call. */
interface WatchCall {
  emit(event: 'error', status: { readonly code: number; readonly details: string }): boolean;
  once(event: 'cancelled', listener: () => void): unknown;
}

const UNAVAILABLE = 14;
const GOING_AWAY = { code: UNAVAILABLE, details: 'this server is shutting down: watch another one' };

/**
 * The standard grpc.health.v1 service, and a drop-in for `HealthImplementation` of grpc-health-check, which cannot end
 * its Watch streams: a server with one watcher would then never finish `tryShutdown`. This one can say goodbye.
 * It decides nothing about health: that is for its user, until a drain begins.
 */
export class DrainableHealth extends HealthImplementation {
  readonly #statuses: Map<string, ServingStatus>;
  readonly #watches = new Set<WatchCall>();
  #draining = false;
  #ended = false;

  /** @param initial status by full service name; `''`, the server as a whole, is SERVING if it is not named. */
  constructor(initial: Readonly<ServingStatusMap> = {}) {
    const statuses: ServingStatusMap = { '': 'SERVING', ...initial };
    super(statuses);
    this.#statuses = new Map(Object.entries(statuses));
  }

  /**
   * Tells watchers, if the status is a new one. Without effect once a drain has begun: nothing that the server finds
   * out about itself may call the callers back.
   */
  override setStatus(service: string, status: ServingStatus): void {
    if (this.#draining || this.#statuses.get(service) === status) return;
    this.#statuses.set(service, status);
    super.setStatus(service, status);
  }

  override addToServer(server: HealthServer): void {
    super.addToServer({
      addService: (definition, handlers) => {
        server.addService(definition, { ...handlers, watch: this.#tracked(handlers) });
      },
    });
  }

  /** First half of a goodbye: every service is NOT_SERVING from now on, and watchers hear of it. Idempotent. */
  announceDrain(): void {
    for (const service of this.#statuses.keys()) this.setStatus(service, 'NOT_SERVING');
    this.#draining = true;
  }

  /** Second half: ends the open Watch streams with UNAVAILABLE, and later ones after their first message. Idempotent. */
  endWatches(): void {
    this.#ended = true;
    for (const call of this.#watches) call.emit('error', GOING_AWAY);
    this.#watches.clear();
  }

  #tracked(handlers: HealthHandlers): (call: WatchCall) => void {
    const watch = handlers['watch'] as unknown as (call: WatchCall) => void;
    return (call) => {
      this.#watches.add(call);
      // grpc-js says 'cancelled' at the end of every call, however it ended.
      call.once('cancelled', () => this.#watches.delete(call));
      watch(call);
      if (this.#ended) this.endWatches();
    };
  }
}
