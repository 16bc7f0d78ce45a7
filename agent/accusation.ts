/**
 * Hears the clients that find the server unfit, and keeps an accusation that is believed until something was done about
 * it: so long, what the probe of a server that only looks well says does not count. It acts on nothing itself.
 */
import { NO_PLEA, nextPlea, type OwnView, type Plea, type PleaPolicy } from '../core/decide/client-plea';
import type { Clock } from '../core/time/clock';
import type { IncidentTracker } from './incident-tracker';
import type { Observer } from './observer';
import type { LogLevel } from './ports';

export interface AccusationPorts {
  readonly clock: Clock;
  readonly observer: Pick<Observer, 'verdict' | 'passes' | 'reason' | 'accuse'>;
  readonly incident: Pick<IncidentTracker, 'isDown'>;
  /** Whether something can be done about a server that runs. */
  readonly able: () => boolean;
  /** The server counts as ill from now on. */
  readonly onAccused: (reason: string) => void;
  readonly log: (level: LogLevel, message: string) => void;
}

const DEAF: PleaPolicy = { trust: 'none', witnesses: 1 };
/** By then the fleet guard may have let nobody act; a server whose probes pass is taken for well again. */
const LONGEST_MS = 120_000;

export class Accusation {
  private state = NO_PLEA;
  private untilMs = -Infinity;

  constructor(
    private readonly policy: PleaPolicy = DEAF,
    private readonly ports: AccusationPorts,
  ) {}

  get stands(): boolean {
    return this.ports.clock.nowMs() < this.untilMs;
  }

  /** @returns why nothing is done; undefined: something is */
  hear(plea: Plea): string | undefined {
    const { clock, observer, onAccused, log } = this.ports;
    const { state, act, reason } = nextPlea(this.state, plea, this.ownView(), this.policy, clock.nowMs());
    this.state = state;
    if (!act) {
      if (this.policy.trust !== 'none')
        log('info', `client ${plea.client} asks for a restart (${plea.why}), and nothing is done: ${reason}`);
      return reason;
    }
    this.untilMs = clock.nowMs() + LONGEST_MS;
    observer.accuse(reason);
    onAccused(reason);
    return undefined;
  }

  /** Something was done: from here on the probes speak for the server. Idempotent. */
  end(): void {
    this.untilMs = -Infinity;
  }

  private ownView(): OwnView {
    const { observer, incident, able } = this.ports;
    const known = observer.verdict !== 'up' || incident.isDown;
    const busy = known ? 'its agent knows, and does what can be done' : undefined;
    return {
      busy: able() ? busy : 'its agent has no way to restart it',
      probePasses: observer.passes,
      reason: observer.reason,
    };
  }
}
