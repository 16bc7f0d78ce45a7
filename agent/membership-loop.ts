/**
 * Keeps one instance known to the registry, and what is known of it true: registers, beats, says every change at once,
 * registers again when it was forgotten. It never gives up, and never waits for one slow answer before it says news.
 */
import type { BeatHealth } from '../core/domain/health';
import type { Instance } from '../core/domain/instance';
import { backoffMs } from '../core/time/backoff';
import type { Clock, Rng } from '../core/time/clock';
import { RegistryError, type Catalog, type Locks, type Membership } from '../registry/port';
import type { Complaint } from './complaint';
import { asError, withDeadline } from './deadline';
import type { Log } from './ports';
import { Wakeup } from './wakeup';

/** What the agent wants the registry to say. */
export interface Report {
  readonly instance: Instance;
  readonly health: BeatHealth;
  readonly reason: string;
}

export interface MembershipTiming {
  readonly ttlMs: number;
  readonly deregisterAfterMs: number;
  readonly beatMs: number;
  readonly beatTimeoutMs: number;
}

/** What the agent needs of the registry. */
export type AgentRegistry = Membership & Pick<Catalog, 'snapshot'> & Locks;

export interface MembershipPorts {
  readonly registry: AgentRegistry;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  /** Shared by all loops of the agent: the registry does not answer. */
  readonly outage: Complaint;
  /** This instance's own: the registry answers, and refuses. */
  readonly refusal: Complaint;
  /** The registry answers again after an outage: time to compare everything. */
  readonly onBack: () => void;
}

export interface MembershipListener {
  /** The registry confirmed this. */
  onTold(report: Report): void;
  /** It did not answer, or refused. */
  onTrouble(sentence: string): void;
}

type Call = 'register' | 'beat' | 'maintenance' | 'end-maintenance';

/** Every reason of a drain begins so: an agent knows its own maintenance from an operator's by it. */
export const DRAINING = 'draining: ';

/** Upper bound of the wait after an unanswered call. Part of the sum that must stay below the TTL. */
export const RETRY_MAX_MS = 1000;
const RETRY = { initialMs: 100, maxMs: RETRY_MAX_MS, factor: 2, jitter: 0.5 };
// A refusal needs a person; asking ten times a second would not bring one.
const RETRY_REFUSED = { initialMs: 1000, maxMs: 10_000, factor: 2, jitter: 0.5 };
// Consul lost its memory for everybody at the same moment: spread the return.
const FORGOTTEN_SPREAD_MS = 200;
// After a call that was cut short nobody knows in which order the registry served it: say it again soon.
const CONFIRM_MS = 500;

export class MembershipLoop {
  private readonly wakeup: Wakeup;
  private wanted: Report | undefined;
  private told: Report | undefined;
  private leaving: string | undefined;
  private maintained = false;
  private yielded = false;
  private mayBeDraining = false;
  private unsure = false;
  private everSent = false;
  private failures = 0;
  private dueMs = 0;
  private inFlight: AbortController | undefined;
  private onTold: (() => void)[] = [];

  constructor(
    private readonly id: string,
    private readonly timing: MembershipTiming,
    private readonly ports: MembershipPorts,
    private readonly listener: MembershipListener,
  ) {
    this.wakeup = new Wakeup(ports.clock);
  }

  /** The registry confirmed a registration and has not denied it since. */
  get registered(): boolean {
    return this.told !== undefined;
  }

  /** A new truth. Another health or another registration is said at once, another reason with the next beat. */
  set(report: Report): void {
    const before = this.wanted;
    this.wanted = report;
    const newEpoch = before !== undefined && report.instance.epoch > before.instance.epoch;
    if (newEpoch) this.yielded = false;
    if (before?.health !== report.health || before.instance !== report.instance) this.sayNow();
  }

  /** The registry does not show what it was told: tell it all again. */
  registerAgain(): void {
    this.yielded = false;
    this.told = undefined;
    this.dueMs = 0;
    this.wakeup.wake();
  }

  /** There was an entry before this run: its drain may have been cut short, and maintenance outlives a registration. */
  inherit(): void {
    this.mayBeDraining = true;
  }

  /** A newer incarnation holds this id: be silent until it is gone or this server starts anew. */
  yield(): void {
    this.yielded = true;
    this.told = undefined;
  }

  /** Puts the entry into maintenance, and keeps it alive there. Resolves when the registry knows, or after `limitMs`. */
  async leave(reason: string, limitMs: number): Promise<void> {
    this.leaving = reason;
    if (!this.registered && this.inFlight === undefined) return;
    const told = new Promise<void>((resolve) => this.onTold.push(resolve));
    // A registration under way is let finish: only what the registry knows can be put into maintenance.
    if (this.registered) this.sayNow();
    const { clock } = this.ports;
    await withDeadline({ clock, timeoutMs: limitMs, signal: new AbortController().signal }, () => told).catch(() => {
      this.ports.log.write(
        'warn',
        `${this.id}: the registry did not take the maintenance in time; leaving all the same`,
      );
    });
  }

  /** Runs until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const call = this.nextCall();
      const waitMs = call === undefined ? undefined : this.dueMs - this.ports.clock.nowMs();
      if (call === undefined || (waitMs !== undefined && waitMs > 0)) await this.wakeup.wait(waitMs, signal);
      else await this.perform(call, signal);
    }
  }

  /** Removes the entry, trying until `limitMs` has passed. For after `run`. False when the registry did not confirm it. */
  async deregister(limitMs: number): Promise<boolean> {
    if (!this.everSent) return true;
    const { clock, registry } = this.ports;
    const never = new AbortController().signal;
    const endMs = clock.nowMs() + limitMs;
    while (clock.nowMs() < endMs) {
      try {
        await withDeadline({ clock, timeoutMs: endMs - clock.nowMs(), signal: never }, (inner) =>
          registry.deregister(this.id, inner),
        );
        this.told = undefined;
        return true;
      } catch (error) {
        if (error instanceof RegistryError && !error.retryable) return false;
        await this.wakeup.wait(RETRY.initialMs, never);
      }
    }
    return false;
  }

  private sayNow(): void {
    this.dueMs = 0;
    this.inFlight?.abort();
    this.wakeup.wake();
  }

  private nextCall(): Call | undefined {
    if (this.wanted === undefined || this.yielded) return undefined;
    if (this.leaving !== undefined) {
      // What the registry forgot while we leave stays forgotten.
      if (this.told === undefined) return undefined;
      return this.maintained ? 'beat' : 'maintenance';
    }
    if (this.told?.instance !== this.wanted.instance) return 'register';
    return this.mayBeDraining ? 'end-maintenance' : 'beat';
  }

  private async perform(call: Call, signal: AbortSignal): Promise<void> {
    const { clock } = this.ports;
    const report = this.wanted;
    if (report === undefined) return;
    // A lease counts from before it was asked for.
    const startedMs = clock.nowMs();
    const controller = new AbortController();
    const onAbort = (): void => controller.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.inFlight = controller;
    this.everSent = true;
    try {
      const timeoutMs = this.timing.beatTimeoutMs;
      await withDeadline({ clock, timeoutMs, signal: controller.signal }, (inner) => this.send(call, report, inner));
      this.succeeded(call, report, startedMs);
    } catch (error) {
      if (controller.signal.aborted) this.unsure = true;
      else this.failed(call, asError(error));
    } finally {
      this.inFlight = undefined;
      signal.removeEventListener('abort', onAbort);
    }
  }

  private send(call: Call, report: Report, signal: AbortSignal): Promise<void> {
    const { registry } = this.ports;
    const { ttlMs, deregisterAfterMs } = this.timing;
    switch (call) {
      case 'register':
        return registry.register({ ...report, ttlMs, deregisterAfterMs }, signal);
      case 'beat':
        return registry.beat(this.id, report.health, report.reason, signal);
      case 'maintenance':
        return registry.setMaintenance(this.id, true, this.leaving ?? '', signal);
      case 'end-maintenance':
        return this.endOwnMaintenance(report.instance.service, signal);
    }
  }

  private async endOwnMaintenance(service: string, signal: AbortSignal): Promise<void> {
    const { registry, log } = this.ports;
    const { instances } = await registry.snapshot({ service }, signal);
    const entry = instances.find(({ id }) => id === this.id);
    if (entry?.health !== 'maintenance') return;
    if (!entry.reason.includes(DRAINING)) {
      log.write('warn', `${this.id}: an operator put it into maintenance; it stays there: ${entry.reason}`);
      return;
    }
    await registry.setMaintenance(this.id, false, '', signal);
    log.write('info', `${this.id}: ended the maintenance of an earlier run whose drain was cut short`);
  }

  private succeeded(call: Call, report: Report, startedMs: number): void {
    const { log, outage, refusal, onBack } = this.ports;
    if (call === 'register') {
      log.write('info', `${this.id}: registered as ${report.health}: ${report.reason}`);
      this.told = report;
    } else if (call === 'end-maintenance') {
      this.mayBeDraining = false;
    } else if (call === 'beat') {
      // Yielded or forgotten meanwhile: an answer of before that changes nothing.
      if (this.told !== undefined) this.told = report;
    } else {
      this.maintained = true;
      this.onTold.splice(0).forEach((resolve) => resolve());
    }
    if (this.told === report) this.listener.onTold(report);
    this.failures = 0;
    refusal.clear(this.id, `the registry accepts ${this.id}`);
    if (outage.clear(this.id, 'the registry answers')) onBack();
    this.dueMs = this.nextDueMs(call, report, startedMs);
    this.unsure = false;
  }

  private nextDueMs(call: Call, report: Report, startedMs: number): number {
    const { wanted } = this;
    const news = wanted?.health !== report.health || wanted.instance !== report.instance;
    const toLeave = this.leaving !== undefined && !this.maintained;
    if (news || toLeave || call === 'maintenance' || this.mayBeDraining) return 0;
    const { beatMs } = this.timing;
    return startedMs + (this.unsure ? Math.min(CONFIRM_MS, beatMs) : beatMs * (1 - 0.1 * this.ports.rng()));
  }

  private failed(call: Call, error: Error): void {
    const { clock, log, outage, refusal, rng } = this.ports;
    const nowMs = clock.nowMs();
    if (error instanceof RegistryError && error.code === 'unknown-instance') {
      this.told = undefined;
      this.onTold.splice(0).forEach((resolve) => resolve());
      this.dueMs = nowMs + FORGOTTEN_SPREAD_MS * rng();
      if (this.leaving === undefined)
        log.write('warn', `${this.id}: the registry forgot this instance; registering it again`);
      return;
    }
    const retryable = !(error instanceof RegistryError) || error.retryable;
    this.unsure = true;
    this.dueMs = nowMs + backoffMs(this.failures, retryable ? RETRY : RETRY_REFUSED, rng);
    this.failures += 1;
    const message = `${call} of ${this.id}: ${error.message}`;
    this.listener.onTrouble(message);
    if (retryable) outage.raise(this.id, message);
    else refusal.raise(this.id, message);
  }
}
