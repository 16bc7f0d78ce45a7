/**
 * Asks an HTTP or HTTPS address of the server: a status from 200 to 299 is a pass, every other one a no of the server itself.
 * Each check has a connection of its own, follows no redirect, and reads little of the answer.
 */
import type { Clock } from '../core/time/clock';
import { asError } from './deadline';
import { exchange } from './hooks/http-exchange';
import type { Probe, ProbeResult } from './ports';
import { took } from './tcp-probe';

export class HttpProbe implements Probe {
  private readonly url: URL;

  constructor(
    url: string,
    private readonly clock: Clock,
  ) {
    this.url = new URL(url);
  }

  async check(signal: AbortSignal): Promise<ProbeResult> {
    const startedMs = this.clock.nowMs();
    try {
      const { status } = await exchange({ method: 'GET', url: this.url }, signal);
      const time = took(this.clock, startedMs);
      if (status >= 200 && status < 300) return { outcome: 'pass', reason: `HTTP ${status} in ${time}` };
      return { outcome: 'answered-no', reason: `server answers HTTP ${status} (${time})` };
    } catch (error) {
      if (signal.aborted) return { outcome: 'silent', reason: 'check was cut short' };
      const { message } = asError(error);
      // Packets that vanish are silence; every other failure is an answer of the other machine.
      const outcome = message === 'ETIMEDOUT' ? 'silent' : 'refused';
      return { outcome, reason: `cannot ask it by HTTP: ${message} (${took(this.clock, startedMs)})` };
    }
  }

  reset(): void {
    // Every check opens a connection of its own.
  }

  close(): void {
    // Nothing is kept open between checks.
  }
}
