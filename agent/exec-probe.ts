/**
 * Runs a program that says by exit code 0 that the server is well. It is killed, with all that it started, when its time is
 * over.
 */
import type { Clock } from '../core/time/clock';
import { execHook } from './hooks/exec-hook';
import type { Hook } from './hooks/hook';
import type { Probe, ProbeResult } from './ports';
import type { ServiceConfig } from './service-config';
import { took } from './tcp-probe';

const MOST_WORDS = 200;

export class ExecProbe implements Probe {
  private readonly hook: Hook;

  constructor(
    command: readonly [string, ...string[]],
    private readonly instance: Pick<ServiceConfig['instance'], 'service' | 'id'>,
    env: NodeJS.ProcessEnv,
    private readonly clock: Clock,
  ) {
    // The loop's own limit ends it; the hook's is not used here.
    this.hook = execHook({ type: 'probe', command, timeoutMs: 0, env }, clock);
  }

  async check(signal: AbortSignal): Promise<ProbeResult> {
    const startedMs = this.clock.nowMs();
    const { service, id } = this.instance;
    const context = { service, instance: id, incident: '', reason: 'probe', attempt: 1 };
    const { ok, how, output = '' } = await this.hook.run(context, signal);
    const time = took(this.clock, startedMs);
    if (signal.aborted) return { outcome: 'silent', reason: 'check was cut short' };
    if (ok) return { outcome: 'pass', reason: `${how} in ${time}` };
    const words = output.trim().slice(-MOST_WORDS);
    return { outcome: 'answered-no', reason: `${how}${words === '' ? '' : `: ${words}`} (${time})` };
  }

  reset(): void {
    // Every check is a process of its own.
  }

  close(): void {
    // Nothing runs between checks.
  }
}
