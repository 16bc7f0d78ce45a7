/**
 * Keeps one instance in maintenance for as long as an operator wants, and not longer: the end stands in the reason, so that
 * another run of the agent knows it too. It touches no maintenance of anybody else's.
 */
import type { Clock } from '../core/time/clock';
import { RegistryError, type Catalog, type Membership } from '../registry/port';
import { asError, withDeadline } from './deadline';
import type { Log } from './ports';
import { Wakeup } from './wakeup';

export interface DrainPorts {
  readonly registry: Pick<Membership, 'setMaintenance'> & Pick<Catalog, 'snapshot'>;
  readonly clock: Clock;
  readonly log: Log;
}

type DrainState =
  /** Nobody has looked yet whether an earlier run left it drained. */
  | { readonly name: 'unknown' }
  | { readonly name: 'none' }
  | { readonly name: 'drained'; readonly untilUnixMs: number; readonly reason: string }
  | { readonly name: 'ending'; readonly why: string };

const OURS = /drained until (\d{4}-\d\d-\d\dT[\d:.]+Z): (.*)/s;
/** A registry that lost its memory lost the maintenance too. */
const AGAIN_MS = 10_000;
const RETRY_MS = 1000;
const TIMEOUT_MS = 3000;

export class OperatorDrain {
  private readonly wakeup: Wakeup;
  private state: DrainState = { name: 'unknown' };
  /** Since when the registry has known of the drain, on the clock. */
  private knownSinceMs: number | undefined;

  constructor(
    private readonly identity: { readonly service: string; readonly instance: string },
    private readonly ports: DrainPorts,
  ) {
    this.wakeup = new Wakeup(ports.clock);
  }

  get drained(): boolean {
    return this.state.name === 'drained';
  }

  /** For how long the registry has known of the drain, ms; undefined: it does not, or there is none. */
  get knownMs(): number | undefined {
    return this.drained && this.knownSinceMs !== undefined ? this.ports.clock.nowMs() - this.knownSinceMs : undefined;
  }

  drain(reason: string, forMs: number): void {
    if (!this.drained) this.knownSinceMs = undefined;
    this.state = { name: 'drained', untilUnixMs: this.ports.clock.unixMs() + forMs, reason };
    this.say(`an operator drains it until ${this.until()}: ${reason}`);
    this.wakeup.wake();
  }

  /** False: it was not drained. */
  undrain(): boolean {
    if (this.state.name !== 'drained') return false;
    this.state = { name: 'ending', why: 'an operator ended its drain' };
    this.wakeup.wake();
    return true;
  }

  /** Runs until `signal` aborts; never rejects, and leaves a drain as it is. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.wakeup.wait(await this.turn(signal), signal);
  }

  /** Does what is due. @returns when to look again, ms; undefined: when there is news */
  private async turn(signal: AbortSignal): Promise<number | undefined> {
    const state = this.state;
    const { clock } = this.ports;
    try {
      if (state.name === 'none') return undefined;
      if (state.name === 'unknown') await this.look(signal);
      else if (state.name === 'ending') await this.end(state, signal);
      else if (clock.unixMs() >= state.untilUnixMs)
        this.state = { name: 'ending', why: 'the time of its drain is over' };
      else {
        await this.maintain(true, `drained until ${this.until()}: ${state.reason}`, signal);
        if (this.state === state) this.knownSinceMs ??= clock.nowMs();
        return Math.min(AGAIN_MS, Math.max(1, state.untilUnixMs - clock.unixMs()));
      }
      return 0;
    } catch (error) {
      if (error instanceof RegistryError && !error.retryable) {
        this.say(`cannot change its maintenance: ${error.message}`, 'error');
        return AGAIN_MS;
      }
      return RETRY_MS;
    }
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { service, instance } = this.identity;
    const { instances } = await this.bounded(signal, (inner) => this.ports.registry.snapshot({ service }, inner));
    const entry = instances.find(({ id }) => id === instance);
    const [, until = '', reason = ''] = (entry?.health === 'maintenance' ? OURS.exec(entry.reason) : null) ?? [];
    // An operator may have spoken meanwhile.
    if (this.state.name !== 'unknown') return;
    this.state = until === '' ? { name: 'none' } : { name: 'drained', untilUnixMs: Date.parse(until), reason };
  }

  private async end(ending: Extract<DrainState, { name: 'ending' }>, signal: AbortSignal): Promise<void> {
    await this.maintain(false, '', signal).catch((error: unknown) => {
      // What the registry does not know is not in maintenance.
      if (!(error instanceof RegistryError && error.code === 'unknown-instance')) throw error;
    });
    if (this.state === ending) this.state = { name: 'none' };
    this.say(`${ending.why}: callers may come`);
  }

  private maintain(on: boolean, reason: string, signal: AbortSignal): Promise<void> {
    const { registry } = this.ports;
    return this.bounded(signal, (inner) => registry.setMaintenance(this.identity.instance, on, reason, inner));
  }

  private bounded<T>(signal: AbortSignal, ask: (inner: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline({ clock: this.ports.clock, timeoutMs: TIMEOUT_MS, signal }, ask).catch((error: unknown) => {
      throw asError(error);
    });
  }

  private until(): string {
    return this.state.name === 'drained' ? new Date(this.state.untilUnixMs).toISOString() : '';
  }

  private say(message: string, level: 'info' | 'error' = 'info'): void {
    this.ports.log.write(level, `${this.identity.instance}: ${message}`, { instance: this.identity.instance });
  }
}
