/**
 * Follows grpc.health.v1 Watch on one connection, and says what the server says of itself. A server without the
 * service counts as serving (gRFC A17). It never opens a connection of its own.
 */
import { status, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import type { ServingState } from '../core/detect/fitness';
import type { Clock } from '../core/time/clock';
import type { HealthAnswer, HealthClient } from './health-client';

export interface HealthWatchOptions {
  readonly service: string;
  /** Silence after the start that counts as `silent`, ms. */
  readonly deadlineMs: number;
  /** After a broken stream on a living connection, ms. */
  readonly retryMs: number;
}

export class HealthWatch {
  private stream: ClientReadableStream<HealthAnswer> | null = null;
  private cancelTimer: () => void = () => undefined;
  private stopped = false;

  constructor(
    private readonly client: HealthClient,
    private readonly options: HealthWatchOptions,
    private readonly clock: Clock,
    private readonly onState: (state: ServingState) => void,
  ) {}

  start(): void {
    this.open();
    this.cancelTimer = this.clock.after(this.options.deadlineMs, () => {
      this.onState('silent');
    });
  }

  stop(): void {
    this.stopped = true;
    this.cancelTimer();
    const { stream } = this;
    this.stream = null;
    // grpc-js starts a call on a single connection asynchronously, and forgets a cancellation that comes before.
    if (stream !== null) setImmediate(() => stream.cancel());
  }

  private open(): void {
    const stream = this.client.watch({ service: this.options.service });
    this.stream = stream;
    stream.on('data', (answer: HealthAnswer) => this.told(answer.status === 'SERVING' ? 'serving' : 'not-serving'));
    stream.on('error', (error: ServiceError) => this.ended(error));
  }

  private told(state: ServingState): void {
    if (this.stopped) return;
    this.cancelTimer();
    this.onState(state);
  }

  private ended(error: ServiceError): void {
    if (this.stopped) return;
    if (error.code === status.UNIMPLEMENTED) {
      this.told('serving');
      return;
    }
    this.cancelTimer();
    this.cancelTimer = this.clock.after(this.options.retryMs, () => {
      this.start();
    });
  }
}
