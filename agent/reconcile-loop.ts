/**
 * Reads everything that is registered at the agent's registry endpoint, at the start, after every outage and from time
 * to time, and puts right what differs from the configuration. What differs is decided in core/decide/reconcile.
 */
import type { Instance } from '../core/domain/instance';
import { reconcile, type DesiredInstance, type ReconcileAction } from '../core/decide/reconcile';
import { backoffMs } from '../core/time/backoff';
import type { Clock, Rng } from '../core/time/clock';
import { RegistryError, type Membership } from '../registry/port';
import type { Complaint } from './complaint';
import { asError, withDeadline } from './deadline';
import type { Log } from './ports';
import { Wakeup } from './wakeup';

/** One configured instance, as the reconciler sees it. */
export interface Member {
  readonly id: string;
  desired(): DesiredInstance;
  /** The first read found this entry of an earlier run, or nothing. Called once, before anything is written. */
  begin(earlier: Instance | undefined): void;
  /** The registry shows something else than `desired`. */
  putRight(action: ReconcileAction): void;
}

export interface ReconcilePorts {
  readonly registry: Membership;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly outage: Complaint;
}

export interface ReconcileOptions {
  readonly owner: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

const RETRY = { initialMs: 100, maxMs: 1000, factor: 2, jitter: 0.5 };
const SOURCE = 'reading the registry';

export class ReconcileLoop {
  private readonly wakeup: Wakeup;
  private begun = false;
  private failures = 0;

  constructor(
    private readonly members: readonly Member[],
    private readonly options: ReconcileOptions,
    private readonly ports: ReconcilePorts,
  ) {
    this.wakeup = new Wakeup(ports.clock);
  }

  /** Compare soon. */
  nudge(): void {
    this.wakeup.wake();
  }

  /** Runs until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, rng } = this.ports;
    while (!signal.aborted) {
      const ok = await this.readOnce(signal);
      const { everyMs } = this.options;
      const waitMs = ok ? everyMs * (1 - 0.2 * rng()) : backoffMs(this.failures++, RETRY, rng);
      // A nudge is for the long wait: it must not turn the backoff into a spin.
      if (ok) await this.wakeup.wait(waitMs, signal);
      else await new Wakeup(clock).wait(waitMs, signal);
    }
  }

  /** False: try again soon. */
  private async readOnce(signal: AbortSignal): Promise<boolean> {
    const { registry, clock, outage, log } = this.ports;
    try {
      const { timeoutMs } = this.options;
      const actual = await withDeadline({ clock, timeoutMs, signal }, (inner) => registry.registered(inner));
      this.failures = 0;
      outage.clear(SOURCE, 'the registry answers');
      this.begin(actual);
      const actions = reconcile(
        this.members.map((member) => member.desired()),
        actual,
        this.options.owner,
      );
      for (const action of actions) await this.act(action, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const cause = asError(error);
      const refused = cause instanceof RegistryError && !cause.retryable;
      if (!refused) {
        outage.raise(SOURCE, `${SOURCE}: ${cause.message}`);
        return false;
      }
      // A token that may write but not read must not keep the servers out of the registry.
      log.write('warn', `cannot compare with the registry: ${cause.message}`);
      this.begin([]);
      return true;
    }
  }

  private begin(actual: readonly Instance[]): void {
    if (this.begun) return;
    this.begun = true;
    for (const member of this.members) member.begin(actual.find((entry) => entry.id === member.id));
  }

  private async act(action: ReconcileAction, signal: AbortSignal): Promise<void> {
    const { registry, clock, log } = this.ports;
    log.write(action.type === 'yield' ? 'error' : 'info', `${action.type}: ${action.reason}`, {
      instance: action.instanceId,
    });
    if (action.type !== 'remove') {
      this.members.find((member) => member.id === action.instanceId)?.putRight(action);
      return;
    }
    const { timeoutMs } = this.options;
    await withDeadline({ clock, timeoutMs, signal }, (inner) => registry.deregister(action.instanceId, inner));
  }
}
