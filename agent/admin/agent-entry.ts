/**
 * The agent's own entry in the registry, so that the command line finds every agent by one name. It is passing while the
 * agent beats, and turns critical by its TTL when the agent is gone.
 */
import type { Instance } from '../../core/domain/instance';
import { AGENT_SERVICE } from '../../core/domain/instance';
import type { DesiredInstance, ReconcileAction } from '../../core/decide/reconcile';
import type { MembershipPorts, MembershipTiming } from '../membership-loop';
import type { Member } from '../reconcile-loop';
import { Standing } from '../standing';

/** Where an agent's admin server listens. */
export interface AdminAddress {
  readonly address: string;
  readonly port: number;
}

/** Nothing that happens to it is a fault of a server. */
const NO_INCIDENT = { current: undefined, take: () => undefined };

export class AgentEntry implements Member {
  readonly id: string;
  private readonly standing: Standing;
  private readonly stopper = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(where: AdminAddress, owner: string, timing: MembershipTiming, ports: MembershipPorts) {
    this.id = `${AGENT_SERVICE}-${owner}`;
    const instance = {
      ...{ id: this.id, service: AGENT_SERVICE, ...where, tier: 0, weight: 1, tags: [] },
      meta: { agent: owner },
    };
    this.standing = new Standing(
      { instance, register: 'at-once', membership: timing },
      owner,
      { ...ports, incident: NO_INCIDENT },
      () => ({ everPassed: true, settled: true, givenUp: false }),
    );
  }

  start(): void {
    this.running = this.standing.run(this.stopper.signal);
  }

  /** Out of the registry; never rejects. */
  async leave(): Promise<void> {
    this.stop();
    await this.running;
    await this.standing.deregister();
  }

  /** Says nothing more; idempotent. */
  stop(): void {
    this.stopper.abort();
  }

  desired(): DesiredInstance {
    return this.standing.desired();
  }

  begin(earlier: Instance | undefined): void {
    this.standing.begin(earlier);
    this.standing.say({ health: 'passing', reason: 'the agent runs' });
  }

  putRight(action: ReconcileAction): void {
    this.standing.putRight(action);
  }
}
