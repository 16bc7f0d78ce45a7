/**
 * A Consul session that renews itself. It counts as lost once its TTL has passed since *before* the last good renewal was
 * sent, which is always earlier than Consul gives it up (Consul waits up to twice the TTL).
 *
 * It is bound to no check. Consul's default, the node's serf health, would take the lock away when the machine's Consul
 * agent restarts or is cut off for a moment, while the holder works on; the TTL already covers a holder that is gone.
 */
import { backoffMs, type BackoffOptions } from '../../core/time/backoff';
import type { Clock, Rng } from '../../core/time/clock';
import { sleep } from '../../runtime/sleep';
import { RegistryError } from '../port';
import type { ConsulHttp } from './consul-http';
import { textIn } from './consul-json';

export interface SessionPorts {
  readonly http: ConsulHttp;
  readonly clock: Clock;
  readonly rng: Rng;
}

const RENEW_BACKOFF: BackoffOptions = { initialMs: 100, maxMs: 1000, factor: 2, jitter: 0.5 };

export class ConsulSession {
  private readonly losing = new AbortController();
  private readonly stopping = new AbortController();
  private cancelDeadline: () => void = () => undefined;

  private constructor(
    readonly id: string,
    private readonly name: string,
    private readonly ttlMs: number,
    private readonly ports: SessionPorts,
  ) {}

  /** Creates the session and begins to renew it. */
  static async open(name: string, ttlMs: number, ports: SessionPorts, signal: AbortSignal): Promise<ConsulSession> {
    const sentAtMs = ports.clock.nowMs();
    const operation = `session for ${name}`;
    const { body } = await ports.http.request(
      {
        operation,
        method: 'PUT',
        path: '/session/create',
        // `delete`: a contender's key vanishes with its session. No lock delay: fences cover what it is for.
        body: { Name: name, TTL: `${ttlMs}ms`, Behavior: 'delete', LockDelay: '0s', NodeChecks: [] },
      },
      signal,
    );
    const session = new ConsulSession(textIn(body, 'ID'), name, ttlMs, ports);
    session.goodSince(sentAtMs);
    void session.renewUntilStopped();
    return session;
  }

  /** Aborts when the session can no longer be relied on; never after close(). */
  get lost(): AbortSignal {
    return this.losing.signal;
  }

  /** Stops renewing and destroys the session; idempotent, never rejects. */
  async close(): Promise<void> {
    this.stop();
    try {
      await this.ports.http.request({
        operation: `end of session for ${this.name}`,
        method: 'PUT',
        path: '/session/destroy/{id}',
        params: { id: this.id },
      });
    } catch {
      // Nobody renews it any more: its TTL ends it.
    }
  }

  private stop(): void {
    this.stopping.abort();
    this.cancelDeadline();
  }

  private goodSince(sentAtMs: number): void {
    this.cancelDeadline();
    if (this.stopping.signal.aborted) return;
    const leftMs = sentAtMs + this.ttlMs - this.ports.clock.nowMs();
    this.cancelDeadline = this.ports.clock.after(Math.max(0, leftMs), () => {
      this.lose(`not renewed for ${this.ttlMs} ms`);
    });
  }

  private lose(why: string): void {
    if (this.stopping.signal.aborted) return;
    this.stop();
    this.losing.abort(new RegistryError('unavailable', `${this.ports.http.description}: ${this.name} is lost: ${why}`));
  }

  private async renewUntilStopped(): Promise<void> {
    const { clock, rng } = this.ports;
    const { signal } = this.stopping;
    let failures = 0;
    for (;;) {
      await sleep(clock, failures === 0 ? this.ttlMs / 3 : backoffMs(failures - 1, RENEW_BACKOFF, rng), signal);
      if (signal.aborted) return;
      const sentAtMs = clock.nowMs();
      const known = await this.renew(signal);
      if (known === false) this.lose('Consul does not know its session any more');
      if (known === true) this.goodSince(sentAtMs);
      failures = known === undefined ? failures + 1 : 0;
    }
  }

  /** Whether Consul knows the session; undefined when it did not say. */
  private async renew(signal: AbortSignal): Promise<boolean | undefined> {
    try {
      const { status } = await this.ports.http.request(
        {
          operation: `renewal of ${this.name}`,
          method: 'PUT',
          path: '/session/renew/{id}',
          params: { id: this.id },
          expect: [404],
        },
        signal,
      );
      return status !== 404;
    } catch {
      return undefined;
    }
  }
}
