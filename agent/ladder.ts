/**
 * Carries out what core/decide/ladder decides: runs one hook at a time, puts each step on record, and stops with the agent.
 */
import {
  LADDER_INITIAL,
  ladderAfter,
  nextLadder,
  type LadderAction,
  type LadderEvent,
  type LadderPolicy,
  type LadderState,
} from '../core/decide/ladder';
import type { Incident } from '../core/domain/incident-record';
import type { Clock, Rng } from '../core/time/clock';
import { runHook, type Hook, type HookContext } from './hooks/hook';
import type { IncidentTracker } from './incident-tracker';

export interface LadderPorts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly incident: IncidentTracker;
  /** Lowest rung first; as many as the policy has. */
  readonly hooks: readonly Hook[];
  /** Whether an action may begin now; when not, the next failing probe asks again. */
  readonly mayAct: () => boolean;
}

export interface LadderListener {
  /** Every decision; the same words once. */
  onStep(givenUp: boolean, reason: string): void;
  /** An action has ended well. */
  onActed(): void;
}

export class Ladder {
  private state: LadderState = LADDER_INITIAL;
  private said = '';
  private readonly stopper = new AbortController();

  constructor(
    private readonly identity: Pick<HookContext, 'service' | 'instance'>,
    private readonly policy: LadderPolicy,
    private readonly ports: LadderPorts,
    private readonly listener: LadderListener,
  ) {}

  /** What is being done about an ill server; empty while it is well. */
  get note(): string {
    return this.said;
  }

  /** A hook is under way. */
  get acting(): boolean {
    return this.state.phase.name === 'acting';
  }

  get givenUp(): boolean {
    return this.state.phase.name === 'given-up';
  }

  /** Takes up what another run had begun. For once, before anything else. */
  resume({ steps }: Incident): void {
    const { clock } = this.ports;
    this.state = ladderAfter(steps, this.policy, { nowMs: clock.nowMs(), unixMs: clock.unixMs() });
  }

  /** The server is well, and that is proven. */
  healthy(): void {
    this.step({ type: 'healthy' }, '');
    if (this.state.phase.name === 'watching') this.said = '';
  }

  /** The server is ill; said again with every failing probe. */
  ill(reason: string): void {
    this.step({ type: 'ill', reason }, reason);
  }

  /** An operator says: forget the past. */
  reset(): void {
    this.step({ type: 'reset' }, '');
  }

  /** Stops the hook that is running, and runs no more; idempotent. */
  stop(): void {
    this.stopper.abort(new Error('the agent ends'));
  }

  private step(event: LadderEvent, why: string): void {
    if (this.stopper.signal.aborted) return;
    const { clock, rng } = this.ports;
    const { state, act, reason } = nextLadder(this.state, event, this.policy, clock.nowMs(), rng);
    if (act !== undefined && !this.ports.mayAct()) return;
    this.state = state;
    if (reason !== '' && reason !== this.said) this.say(reason, act);
    if (act !== undefined) void this.act(act, why);
  }

  private say(reason: string, act: LadderAction | undefined): void {
    this.said = reason;
    const kind = this.givenUp ? 'given-up' : 'decided';
    const attempt = act === undefined ? {} : { attempt: act.attempt };
    this.ports.incident.take({ kind, source: 'ladder', sentence: reason, ...attempt });
    this.listener.onStep(this.givenUp, reason);
  }

  private async act({ rung, attempt }: LadderAction, why: string): Promise<void> {
    const { hooks, clock, incident } = this.ports;
    const hook = hooks[rung];
    if (hook === undefined) return;
    const about = { source: 'ladder', action: hook.type, attempt } as const;
    incident.take({ kind: 'acting', sentence: hook.what, ...about });
    const context = { ...this.identity, incident: incident.current ?? '', reason: why, attempt };
    const { ok, how, tookMs, output } = await runHook(hook, context, clock, this.stopper.signal);
    const facts = { ok, tookMs, ...(output !== undefined && { output }) };
    incident.take({ kind: 'acted', sentence: how, ...about, ...facts });
    this.step({ type: 'acted', ok, how }, why);
    if (ok) this.listener.onActed();
  }
}
