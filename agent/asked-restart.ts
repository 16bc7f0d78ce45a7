/**
 * Restarts a server that is no child of this agent because an operator asked for it, by a rung of the service's ladder. It
 * runs once, whatever comes of it, and counts towards no bound; the ladder rests until the server had its time to come back.
 */
import type { Clock } from '../core/time/clock';
import { runHook, type Hook, type HookContext } from './hooks/hook';
import type { LogLevel } from './ports';
import type { HookRung, RungConfig } from './service-config';

export interface AskedRestartPorts {
  readonly hookOf: (rung: HookRung) => Hook;
  readonly clock: Clock;
  readonly onStep: (level: LogLevel, reason: string) => void;
}

const ENDING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGQUIT'];
const NO_WAY = 'this agent does not run the server, and its recovery.ladder has nothing that restarts it';

export class AskedRestart {
  private readonly stopper = new AbortController();
  private running = false;
  private restUntilMs = -Infinity;

  constructor(
    private readonly identity: Pick<HookContext, 'service' | 'instance'>,
    private readonly recovery: { readonly ladder: readonly RungConfig[]; readonly graceMs: number },
    private readonly ports: AskedRestartPorts,
  ) {}

  /** It is under way, or the server has its time to come back. */
  get busy(): boolean {
    return this.running || this.ports.clock.nowMs() < this.restUntilMs;
  }

  /** @returns why it will not be; undefined when it is begun */
  ask(why: string): string | undefined {
    const rung = restartingRung(this.recovery.ladder);
    if (rung === undefined) return `${NO_WAY}; whoever runs it can restart it`;
    if (this.running) return 'it is being restarted already';
    this.running = true;
    void this.run(this.ports.hookOf(rung), `an operator asked for it: ${why}`);
    return undefined;
  }

  /** Stops what is running; idempotent. */
  stop(): void {
    this.stopper.abort(new Error('the agent ends'));
  }

  private async run(hook: Hook, reason: string): Promise<void> {
    const { clock, onStep } = this.ports;
    onStep('info', `${reason}: ${hook.what}`);
    const context = { ...this.identity, incident: '', reason, attempt: 1 };
    const { ok, how } = await runHook(hook, context, clock, this.stopper.signal);
    this.running = false;
    if (this.stopper.signal.aborted) return;
    // One that failed has changed nothing: an ill server is the ladder's at once.
    if (ok) this.restUntilMs = clock.nowMs() + this.recovery.graceMs;
    onStep(ok ? 'info' : 'error', ok ? how : `the restart that an operator asked for failed: ${how}`);
  }
}

/** What is sure to restart comes first; of programs, which may only reload, the highest rung is the strongest. */
function restartingRung(ladder: readonly RungConfig[]): HookRung | undefined {
  const sure = ladder.find(
    (rung): rung is HookRung =>
      rung.type === 'docker' || rung.type === 'systemd' || (rung.type === 'signal' && ENDING.includes(rung.signal)),
  );
  return sure ?? ladder.findLast((rung): rung is HookRung => rung.type === 'exec');
}
