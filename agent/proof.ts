/**
 * The part of a recovery between the first good answer and the return to the callers: restore the data of a new process, then
 * check the server, each by a hook. It says whether the server may return; what happens to one that may not is decided by
 * others. Without hooks there is nothing to prove.
 */
import type { Incident } from '../core/domain/incident-record';
import type { Clock } from '../core/time/clock';
import { runHook, type Hook, type HookContext, type TimedResult } from './hooks/hook';
import type { IncidentTracker } from './incident-tracker';
import type { HookRung, ServiceConfig } from './service-config';

export interface ProofPorts {
  readonly clock: Clock;
  readonly incident: IncidentTracker;
  /** Brings data back into a process that has lost it. */
  readonly restore?: Hook;
  /** Says whether the server is fit for calls. */
  readonly check?: Hook;
  /** The proof has ended, well or not. */
  readonly onEnd: () => void;
}

type ProofState =
  | { readonly name: 'none' }
  | { readonly name: 'running'; readonly reason: string; readonly ending: AbortController }
  /** `again`: the check alone may be asked again; data is restored once for each process. */
  | { readonly name: 'failed'; readonly reason: string; readonly again: boolean };

const PROOFS: readonly string[] = ['restore', 'check'];

export class Proof {
  private state: ProofState = { name: 'none' };
  private restored = true;
  private tries = 0;

  constructor(
    private readonly identity: Pick<HookContext, 'service' | 'instance'>,
    private readonly ports: ProofPorts,
  ) {}

  /** Nothing stands between the server and its callers. */
  get passed(): boolean {
    return this.state.name === 'none';
  }

  /** Why it may not return; undefined unless the proof failed. */
  get failure(): string | undefined {
    return this.state.name === 'failed' ? this.state.reason : undefined;
  }

  /** For the catalog, while it has not passed. */
  get reason(): string {
    return this.state.name === 'none' ? '' : this.state.reason;
  }

  /**
   * Goes on where another run was stopped: its tries count, and what it began and nobody saw the end of is done again.
   * @param own the server is a child: only its starts make it new. Of any other it is not known whether it is the old one.
   */
  resume({ phase, steps }: Incident, own: boolean): void {
    const proofs = steps.filter(({ source, action }) => source === 'agent' && PROOFS.includes(action ?? ''));
    this.tries = Math.max(0, ...proofs.map(({ attempt = 0 }) => attempt));
    if (phase !== 'down' && phase !== 'given-up') return;
    const since = steps.slice(steps.findLastIndex(({ kind }) => kind === 'verified') + 1);
    const renewed = since.findLastIndex(
      ({ source, action }) => source === 'ladder' || source === 'neighbour' || action === 'start',
    );
    const restored = since.findLastIndex(({ action, ok }) => action === 'restore' && ok === true);
    this.restored = restored > renewed || (own && renewed < 0);
  }

  /** The server answers. Outside of an incident there is nothing to prove. Call again to ask a failed check again. */
  begin(): void {
    const { incident, restore, check } = this.ports;
    if (this.state.name === 'running' || (this.state.name === 'failed' && !this.state.again)) return;
    if (incident.current === undefined || (check === undefined && (restore === undefined || this.restored))) {
      this.state = { name: 'none' };
      return;
    }
    const ending = new AbortController();
    this.state = { name: 'running', reason: 'it answers; recovery is not proven yet', ending };
    void this.prove(ending);
  }

  /** An operator says: try again, the data too. */
  forgive(): void {
    if (this.state.name === 'failed') this.state = { ...this.state, again: true };
  }

  /** The server went away or is ill: what is under way is stopped. `newProcess`: the next one has no data yet. */
  cancel(newProcess: boolean): void {
    if (newProcess) this.restored = false;
    if (this.state.name === 'running') this.state.ending.abort(new Error('the server is ill again'));
    this.state = { name: 'none' };
  }

  private async prove(ending: AbortController): Promise<void> {
    const { restore, check } = this.ports;
    const mine = (): boolean => this.state.name === 'running' && this.state.ending === ending;
    let failed: TimedResult | undefined;
    let again = true;
    if (restore !== undefined && !this.restored) {
      const done = await this.run('restore', restore, ending);
      if (!mine()) return;
      this.restored = done.ok;
      if (!done.ok) failed = done;
      again = done.ok;
    }
    if (failed === undefined && check !== undefined) {
      const done = await this.run('check', check, ending);
      if (!mine()) return;
      if (!done.ok) failed = done;
    }
    this.state =
      failed === undefined ? { name: 'none' } : { name: 'failed', reason: `not recovered: ${failed.how}`, again };
    this.ports.onEnd();
  }

  private async run(action: string, hook: Hook, ending: AbortController): Promise<TimedResult> {
    const { clock, incident } = this.ports;
    this.tries += 1;
    const attempt = this.tries;
    const about = { source: 'agent', action, attempt } as const;
    if (this.state.name === 'running') this.state = { ...this.state, reason: `${action}: ${hook.what}` };
    incident.take({ kind: 'acting', sentence: hook.what, ...about });
    const context = { ...this.identity, incident: incident.current ?? '', reason: `${action} after recovery`, attempt };
    const result = await runHook(hook, context, clock, ending.signal);
    const { ok, how, tookMs, output } = result;
    incident.take({ kind: 'acted', sentence: how, ...about, ok, tookMs, ...(output !== undefined && { output }) });
    return result;
  }
}

/** What a service's configuration has run: each is one program, and is not tried again by itself. */
export function proofHooks(
  { restore, check }: Pick<ServiceConfig['recovery'], 'restore' | 'check'>,
  hookOf: (rung: HookRung) => Hook,
): Pick<ProofPorts, 'restore' | 'check'> {
  return {
    ...(restore && { restore: hookOf({ type: 'exec', attempts: 1, ...restore }) }),
    ...(check && { check: hookOf({ type: 'exec', attempts: 1, ...check }) }),
  };
}
