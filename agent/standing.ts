/**
 * How one instance stands in the registry: which incarnation it is, whether it may be known at all, and what is said of it.
 * It decides nothing about the server; the loop below it brings every word to the registry.
 */
import type { DesiredInstance, ReconcileAction } from '../core/decide/reconcile';
import { isServing } from '../core/domain/health';
import type { Instance } from '../core/domain/instance';
import type { IncidentTracker } from './incident-tracker';
import { MembershipLoop, type MembershipPorts, type Report } from './membership-loop';
import type { ServiceConfig } from './service-config';

const MAINTENANCE_LIMIT_MS = 1000;
const DEREGISTER_LIMIT_MS = 3000;

/** What is known of the server at this moment. */
export interface Knowledge {
  /** It passed a probe at some time since the agent started. */
  readonly everPassed: boolean;
  /** Something certain is known of it, good or bad. */
  readonly settled: boolean;
  readonly givenUp: boolean;
}

export class Standing {
  private readonly membership: MembershipLoop;
  private current: Instance;
  private begun = false;
  private foundEarlier = false;
  private announced = false;
  private troubleIn: string | undefined;

  constructor(
    private readonly config: Pick<ServiceConfig, 'instance' | 'register' | 'membership'>,
    owner: string,
    private readonly ports: MembershipPorts & { readonly incident: Pick<IncidentTracker, 'current' | 'take'> },
    private readonly knowledge: () => Knowledge,
  ) {
    this.current = { ...config.instance, owner, epoch: ports.clock.unixMs() };
    this.membership = new MembershipLoop(config.instance.id, config.membership, ports, {
      onTold: (report) => this.onTold(report),
      onTrouble: (sentence) => this.onTrouble(sentence),
    });
  }

  get instance(): Instance {
    return this.current;
  }

  get registered(): boolean {
    return this.membership.registered;
  }

  desired(): DesiredInstance {
    return { instance: this.current, wanted: this.mayRegister() };
  }

  /** The first read found this entry of an earlier run, or nothing. */
  begin(earlier: Instance | undefined): void {
    this.begun = true;
    this.foundEarlier = earlier !== undefined;
    if (this.foundEarlier) this.membership.inherit();
    // The wall clock went back since then; an epoch never does.
    if (earlier !== undefined && earlier.epoch >= this.current.epoch)
      this.current = { ...this.current, epoch: earlier.epoch + 1 };
  }

  putRight(action: ReconcileAction): void {
    if (action.type === 'yield') this.membership.yield();
    else this.tellAgain();
  }

  /** A new process has taken the place of the old one. */
  newEpoch(): void {
    const epoch = Math.max(this.ports.clock.unixMs(), this.current.epoch + 1);
    this.current = { ...this.current, epoch };
  }

  say(words: Pick<Report, 'health' | 'reason'>): void {
    if (this.mayRegister()) this.membership.set({ instance: this.current, ...words });
  }

  /** In full and at once: a beat that changes the words alone reaches Consul's catalog minutes later. */
  tellAgain(): void {
    if (this.mayRegister()) this.membership.registerAgain();
  }

  /** Runs until `signal` aborts; never rejects. */
  run(signal: AbortSignal): Promise<void> {
    return this.membership.run(signal);
  }

  leave(reason: string): Promise<void> {
    return this.membership.leave(reason, MAINTENANCE_LIMIT_MS);
  }

  deregister(): Promise<boolean> {
    return this.membership.deregister(DEREGISTER_LIMIT_MS);
  }

  /** Once in the registry, always there: an illness later on is news, not a reason to vanish. */
  private mayRegister(): boolean {
    if (!this.begun) return false;
    const { everPassed, settled, givenUp } = this.knowledge();
    this.announced ||= this.config.register === 'at-once' || everPassed || (this.foundEarlier && settled) || givenUp;
    return this.announced;
  }

  private onTold({ health, reason }: Report): void {
    if (!isServing(health)) return;
    this.ports.incident.take({ kind: 'rejoined', source: 'registry', sentence: `told ${health}: ${reason}` });
  }

  /** Once an incident: an outage of the registry repeats itself all the time. */
  private onTrouble(sentence: string): void {
    const { incident } = this.ports;
    if (incident.current === undefined || incident.current === this.troubleIn) return;
    this.troubleIn = incident.current;
    incident.take({ kind: 'note', source: 'registry', sentence });
  }
}
